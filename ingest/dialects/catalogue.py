"""All dialects: every module of this package that holds a `DIALECT`. A new file is found without a change here."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import ingest.dialects as home
from ingest.dialects.description import Dialect, Form


@cache
def dialects() -> tuple[Dialect, ...]:
    """List all dialects by name."""
    modules = (import_module(f"{home.__name__}.{found.name}") for found in iter_modules(home.__path__))
    made = (getattr(module, "DIALECT", None) for module in modules if not module.__name__.endswith(".catalogue"))
    return tuple(sorted((one for one in made if isinstance(one, Dialect)), key=lambda one: one.name))


def list_forms() -> tuple[Form, ...]:
    """List the forms of all dialects."""
    return tuple(form for dialect in dialects() for form in dialect.forms)
