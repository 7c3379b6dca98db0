"""All dialects: every module of this package that holds a `DIALECT`. A new file is found without a change here."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import ingest.dialects as home
from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Dialect, DownForm, Form

STANDARD = "standard"
"""The dialect of devices that have not shown another."""


@cache
def dialects() -> tuple[Dialect, ...]:
    """List all dialects by name."""
    modules = (import_module(f"{home.__name__}.{found.name}") for found in iter_modules(home.__path__))
    made = (getattr(module, "DIALECT", None) for module in modules if not module.__name__.endswith(".catalogue"))
    return tuple(sorted((one for one in made if isinstance(one, Dialect)), key=lambda one: one.name))


def list_forms() -> tuple[Form, ...]:
    """List the forms of all dialects."""
    return tuple(form for dialect in dialects() for form in dialect.forms)


def list_down_forms() -> tuple[DownForm, ...]:
    """List the messages to devices of all dialects."""
    return tuple(form for dialect in dialects() for form in dialect.down)


def dialect_of(form: Form) -> str:
    """Name the dialect that a form belongs to."""
    return next(dialect.name for dialect in dialects() if form in dialect.forms)


@cache
def find_down(dialect: str, message: str, kind: DeviceKind) -> tuple[DownForm, ...]:
    """List the forms of a message to a kind of device in a dialect, then those of the dialects it builds on."""
    known = {one.name: one for one in dialects()}
    found: list[DownForm] = []
    at = known.get(dialect or STANDARD)
    while at is not None:
        found += [form for form in at.down if form.message == message and form.kind is kind]
        at = known.get(at.base)
    return tuple(found)
