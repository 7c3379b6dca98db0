"""Failed sign-ins: the more there were, the longer the wait, for the account, the address, and both together.

An address that fails with one account waits soon; an account under attack from many addresses waits only a little, so
that a stranger cannot lock its owner out. After FORGET_S without a failure the count starts anew.
"""

from dataclasses import dataclass
from typing import NamedTuple

from cloudctl.access.errors import TooManyAttemptsError
from cloudctl.database import Database

FORGET_S = 3600.0


@dataclass(frozen=True)
class Patience:
    """How many failures are free, and the longest wait (s) after more of them; it doubles from 1 s."""

    free: int
    longest: float

    def wait(self, failures: int) -> float:
        """Give the wait after a number of failures, s."""
        over = failures - self.free
        return 0.0 if over < 0 else min(self.longest, 2.0 ** min(over, 30))


PATIENCE = {"pair": Patience(5, 900.0), "account": Patience(20, 30.0), "address": Patience(30, 900.0)}


class _Failed(NamedTuple):
    key: str
    failures: int
    newest: float


class AttemptStore:
    """Counts failed sign-ins; times are UTC epoch s."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, account: str, address: str, now: float) -> None:
        """Raise TooManyAttemptsError where the next try comes too soon."""
        rows = await self._database.fetch(
            _Failed,
            "SELECT key, failures, extract(epoch FROM newest)::float8 FROM v2x_access.attempt"
            " WHERE key = ANY (%s) AND newest > to_timestamp(%s)",
            [_keys(account, address), now - FORGET_S],
        )
        left = [row.newest + PATIENCE[row.key.partition(":")[0]].wait(row.failures) - now for row in rows]
        if left and max(left) > 0:
            raise TooManyAttemptsError(max(left))

    async def failed(self, account: str, address: str, now: float) -> None:
        """Count one failure."""
        await self._database.run(
            "INSERT INTO v2x_access.attempt SELECT key, 1, to_timestamp(%s) FROM unnest(%s::text[]) key"
            " ON CONFLICT (key) DO UPDATE SET newest = excluded.newest, failures = 1 + CASE"
            " WHEN attempt.newest > to_timestamp(%s) THEN attempt.failures ELSE 0 END",
            [now, _keys(account, address), now - FORGET_S],
        )
        await self._database.run("DELETE FROM v2x_access.attempt WHERE newest <= to_timestamp(%s)", [now - FORGET_S])

    async def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of an account from this address; those of the address stay, but for this try."""
        keys = _keys(account, address)
        await self._database.run("DELETE FROM v2x_access.attempt WHERE key = ANY (%s)", [keys[:2]])
        await self._database.run(
            "UPDATE v2x_access.attempt SET failures = failures - 1 WHERE key = %s AND failures > 0", keys[2:]
        )


def _keys(account: str, address: str) -> list[str]:
    name = account.lower()[:100]
    return [f"pair:{name}@{address}", f"account:{name}", f"address:{address}"]
