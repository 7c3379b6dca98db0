"""The archiver with a ledger of what its disk has: a line for each message, written after the sync of the spool.

    python archiver_ledger.py LEDGER [--early] --config FILE

`--early` makes the mistake that the proof must find: messages are acknowledged before the disk has them.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

from cloudctl import archiver
from cloudctl.store.spool import Spool, SpoolClass


def mark(kind: str, topic: str, payload: bytes) -> str:
    """One line of a ledger: class and digest of a message."""
    return f"{kind} {hashlib.blake2b(topic.encode() + b'|' + payload, digest_size=16).hexdigest()}"


class LedgerSpool(Spool):
    """Notes what is on disk."""

    ledger: Path
    _lines: list[str]

    def append(self, kind: SpoolClass, received: float, topic: str, payload: bytes) -> bool:
        """Take a message and remember it until the next sync."""
        taken = super().append(kind, received, topic, payload)
        if taken:
            self.__dict__.setdefault("_lines", []).append(mark(kind.value, topic, payload))
        return taken

    def sync(self) -> None:
        """Put all on disk, then note it."""
        super().sync()
        lines = self.__dict__.get("_lines", [])
        self.__dict__["_lines"] = []
        if lines:
            with self.ledger.open("a") as file:
                file.write("\n".join(lines) + "\n")
                file.flush()
                os.fsync(file.fileno())


class EarlySpool(LedgerSpool):
    """Says that it is done at once and puts messages on disk a second later: what is killed meanwhile is lost."""

    _synced = 0.0

    def sync(self) -> None:
        """Do it once a second."""
        if time.monotonic() - self._synced > 1.0:
            self._synced = time.monotonic()
            super().sync()


def main() -> int:
    """Run the archiver."""
    chosen = EarlySpool if "--early" in sys.argv else LedgerSpool
    chosen.ledger = Path(sys.argv[1])
    sys.argv = [sys.argv[0], *sys.argv[sys.argv.index("--config") :]]
    vars(archiver)["Spool"] = chosen  # the one part that differs
    return archiver.main()


if __name__ == "__main__":
    sys.exit(main())
