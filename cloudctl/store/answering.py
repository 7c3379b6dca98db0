"""The border of the store: what the database driver raises becomes an error of the store."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from cloudctl.store.errors import StoreDownError, StoreSlowError


@contextmanager
def answering() -> Iterator[None]:
    """Turn faults of the database within the block into errors of the store; missing rights, a fault of ours, pass.

    Raises:
        StoreSlowError: a statement took longer than it may.
        StoreDownError: the database does not answer, has no free connection in time, or refuses.
    """
    try:
        yield
    except psycopg.errors.InsufficientPrivilege:
        raise
    except psycopg.errors.QueryCanceled as fault:
        raise StoreSlowError(_line(fault)) from fault
    except psycopg.Error as fault:
        raise StoreDownError(_line(fault)) from fault


def _line(fault: psycopg.Error) -> str:
    return " ".join(str(fault).split()) or "no answer"
