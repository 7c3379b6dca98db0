"""Faults of the store.

CloudctlError
├── StoreError
│   ├── SpoolFullError     an event found no room on disk; it is not acknowledged
│   ├── MigrationError     the schema cannot be brought up to date
│   ├── CountError         the database stored another number of rows than it was given
│   ├── CursorError        a page cursor is not one of ours
│   ├── CopyFormatError    the database sent other rows than were asked for
│   ├── StoreDownError     the database does not answer a question, or refuses it
│   └── StoreSlowError     a question took too long and was given up
└── DatabaseError          (cloudctl.errors) no database answers
"""

from pathlib import Path

from cloudctl.errors import CloudctlError


class StoreError(CloudctlError):
    """Base of all faults of the store."""


class SpoolFullError(StoreError):
    """An event found no room on disk."""

    def __init__(self, directory: Path, detail: str) -> None:
        super().__init__(f"spool {directory} takes no more events: {detail}")
        self.directory = directory


class MigrationError(StoreError):
    """The schema cannot be brought up to date."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"migration {name}: {detail}")
        self.name = name


class CountError(StoreError):
    """The database stored another number of rows than it was given."""

    def __init__(self, table: str, offered: int, stored: int) -> None:
        super().__init__(f"{table}: {offered} rows offered, {stored} stored")
        self.offered = offered
        self.stored = stored


class CursorError(StoreError):
    """A page cursor is not one of ours."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"not a page cursor: {cursor[:80]!r}")
        self.cursor = cursor


class CopyFormatError(StoreError):
    """The database sent other rows than were asked for."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes are no COPY of the rows that were asked for")
        self.size = size


class StoreDownError(StoreError):
    """The database does not answer a question, or refuses it."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the database does not answer: {detail}")
        self.detail = detail


class StoreSlowError(StoreError):
    """A question took too long and was given up."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the database took too long: {detail}")
        self.detail = detail
