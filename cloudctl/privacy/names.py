"""Names of vehicles as the gateway shows them: public ones as they are, private ones masked until somebody may unmask.

The gateway holds true names in memory alone, and only of vehicles whose consent lets the engine say them.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from cloudctl.advice.advisory import Advisory
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.pseudonyms import MASK_PREFIX, mask
from cloudctl.privacy.register import Register
from cloudctl.privacy.scrub import ANONYMOUS, rename, rename_text

UNMASKED_S = 900.0
"""A name that was unmasked may be shown this long, s."""
KNOWN_MOST = 100_000


@dataclass(frozen=True)
class Unmasked:
    """One name that somebody may see for a while."""

    masked: str
    subject: str
    reason: str
    until: float
    """UTC epoch, s."""


class Names:
    """Masks and unmasks; belongs to one event loop. Before the register is read every vehicle is private."""

    def __init__(self, keys: KeyRing, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[str, str] = OrderedDict()
        self._unmasked: dict[tuple[str, str], Unmasked] = {}
        self.register = Register()
        self.rows: dict[int, str] = {}
        """Private vehicles of the newest list of devices, by the engine's row."""
        self.epoch = 0
        """Life of the engine that the rows belong to."""

    def shown(self, subject: str) -> str:
        """Give what people see of a vehicle's name."""
        if subject == ANONYMOUS or subject.startswith(MASK_PREFIX):
            return subject
        if self.register.grant(subject, self._clock()).public:
            return subject
        masked = mask(self._keys, subject, self._clock())
        self._known[masked] = subject
        self._known.move_to_end(masked)
        if len(self._known) > KNOWN_MOST:
            self._known.popitem(last=False)
        return masked

    def advisory(self, advisory: Advisory) -> Advisory:
        """Give an advisory with the vehicle masked."""
        kind, _, name = advisory.target.partition(":")
        named = {name} if kind == "obu" else set()
        vehicle = advisory.content.get("vehicle")
        if isinstance(vehicle, str):
            named.add(vehicle)
        masks = {each: self.shown(each) for each in named}
        new_names = {name: masked for name, masked in masks.items() if name != masked}
        if not new_names:
            return advisory
        content = rename(advisory.content, new_names)
        return msgspec.structs.replace(
            advisory,
            target=f"{kind}:{masks.get(name, name)}",
            reason=rename_text(advisory.reason, new_names),
            content=content if isinstance(content, dict) else {},
        )

    def note_rows(self, epoch: int, rows: dict[int, str]) -> None:
        """Note what the engine calls the private vehicles of its newest list."""
        self.epoch = epoch
        self.rows = rows

    def rows_of(self, subject: str) -> list[tuple[int, int]]:
        """Give (session, device) that the engine calls a vehicle by now."""
        return [(self.epoch, row) for row, name in self.rows.items() if name == subject]

    def find_subject(self, masked: str) -> str | None:
        """Find the vehicle behind a mask: only while it may be known live."""
        subject = self._known.get(masked)
        if subject is None or not self.register.grant(subject, self._clock()).live:
            return None
        return subject

    def unmask(self, actor: str, masked: str, subject: str, reason: str) -> Unmasked:
        """Let an actor see a name for a while. The caller has entered it in the audit log."""
        unmasked = Unmasked(masked, subject, reason, self._clock() + UNMASKED_S)
        self._unmasked[actor, masked] = unmasked
        return unmasked

    def list_unmasked(self, actor: str) -> list[Unmasked]:
        """List what an actor may see now; what is over, or withdrawn since, is forgotten."""
        now = self._clock()
        gone = [
            key
            for key, each in self._unmasked.items()
            if each.until <= now or not self.register.grant(each.subject, now).live
        ]
        for key in gone:
            del self._unmasked[key]
        return [each for (who, _), each in self._unmasked.items() if who == actor]

    def forget(self, subject: str) -> None:
        """Forget a vehicle at once."""
        self._known = OrderedDict((masked, name) for masked, name in self._known.items() if name != subject)
        self._unmasked = {key: each for key, each in self._unmasked.items() if each.subject != subject}
        self.rows = {row: name for row, name in self.rows.items() if name != subject}
