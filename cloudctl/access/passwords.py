"""Passwords: Argon2id with the parameters of RFC 9106 §4 (64 MiB, 3 passes), and rules after NIST SP 800-63B §3.1.1.

Length counts, composition does not; what is easily guessed is refused.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cloudctl.access.errors import AccountError

SHORTEST, LONGEST = 12, 256
FEWEST_DIFFERENT = 5
AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and a core for a moment."""
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")


def check_password_rules(password: str, name: str) -> None:
    """Raise AccountError (422) where a password is too short, too long or easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(422, f"password: {SHORTEST} to {LONGEST} characters are needed")
    lower = password.lower()
    if len(set(lower)) < FEWEST_DIFFERENT or any(lower in run * 2 or lower in run[::-1] * 2 for run in _RUNS):
        raise AccountError(422, "password: too few different characters, or a run of the keyboard")
    if len(name) >= 3 and name.lower() in lower:
        raise AccountError(422, "password: it must not contain the name")


class Passwords:
    """Hashes and verifies beside the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def hashed(self, password: str) -> str:
        """Give the Argon2id hash of a password, with a salt of its own."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, stored: str | None) -> bool:
        """Tell whether a password fits a hash; takes as long where there is none, so that names cannot be guessed."""
        if stored is None:
            if self._nobody is None:
                self._nobody = await self.hashed("nobody has this password")
            await self._verify(password, self._nobody)
            return False
        return await self._verify(password, stored)

    async def _verify(self, password: str, stored: str) -> bool:
        async with self._turn:
            try:
                return await asyncio.to_thread(self._hasher.verify, stored, password)
            except (VerificationError, InvalidHashError):
                return False
