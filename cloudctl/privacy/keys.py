"""Secret keys of this installation: 32 random bytes a file, made at first use, readable by their owner alone.

There is no default key. Two processes that make the same key at the same time end with one and the same.
"""

import os
import secrets
from contextlib import suppress
from datetime import date
from pathlib import Path

from cloudctl.privacy.errors import SecretKeyError

KEY_BYTES = 32
AUDIT_ANCHOR, REGISTER, MASK, RECEIPT, WITHHELD = "audit-anchor", "register", "mask", "receipt", "withheld"
_DAY_PREFIX = "pseudonym-"


class KeyRing:
    """Keys by name in one folder; each is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, bytes] = {}

    def key(self, name: str) -> bytes:
        """Give a key, made now if there is none.

        Raises:
            SecretKeyError: the file cannot be made or read, is too short, or others may read it.
        """
        if name not in self._known:
            self._known[name] = self._read(self._path(name)) if self.has(name) else self._make(self._path(name))
        return self._known[name]

    def has(self, name: str) -> bool:
        """Tell whether the key was made already."""
        return self._path(name).is_file()

    def day_key(self, day: date) -> bytes:
        """Give the key of the pseudonyms of a day (UTC)."""
        return self.key(f"{_DAY_PREFIX}{day:%Y-%m-%d}")

    def day_keys(self) -> dict[date, bytes]:
        """Give all keys of days that were not destroyed."""
        names = sorted(path.stem for path in self.folder.glob(f"{_DAY_PREFIX}*.key"))
        return {date.fromisoformat(name.removeprefix(_DAY_PREFIX)): self.key(name) for name in names}

    def destroy_days_before(self, day: date) -> int:
        """Destroy the keys of the days before; their pseudonyms lead back to nobody from then on. Gives how many."""
        gone = [known for known in self.day_keys() if known < day]
        for each in gone:
            name = f"{_DAY_PREFIX}{each:%Y-%m-%d}"
            self._path(name).unlink(missing_ok=True)
            self._known.pop(name, None)
        return len(gone)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _make(self, path: Path) -> bytes:
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, secrets.token_bytes(KEY_BYTES))
                os.fsync(handle)
            finally:
                os.close(handle)
            with suppress(FileExistsError):  # somebody else was first: theirs counts
                os.link(fresh, path)
        except OSError as error:
            raise SecretKeyError(path, error.strerror or str(error)) from error
        finally:
            fresh.unlink(missing_ok=True)
        return self._read(path)

    def _read(self, path: Path) -> bytes:
        try:
            if path.stat().st_mode & 0o077:
                raise SecretKeyError(path, "others may read it; chmod 600, and replace it if they did")
            key = path.read_bytes()
        except OSError as error:
            raise SecretKeyError(path, error.strerror or str(error)) from error
        if len(key) < KEY_BYTES:
            raise SecretKeyError(path, f"{len(key)} bytes instead of {KEY_BYTES}")
        return key
