"""What of the live picture speaks of single bus lines, and who may see it: dispatch sees the own lines only."""

from dataclasses import dataclass

from cloudctl.access.actor import EVERY, Actor
from cloudctl.access.permissions import Permission
from cloudctl.access.roles import ROLES, Role
from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.store.reader import StoredAdvisory
from cloudctl.transit.state import TransitState

OF_A_BUS = frozenset(
    {
        AdvisoryKind.BUS_PRIORITY,
        AdvisoryKind.BUS_HOLD,
        AdvisoryKind.BUS_SPEED,
        AdvisoryKind.BUS_SKIP,
        AdvisoryKind.BUS_SHORT_TURN,
        AdvisoryKind.BUS_SWAP,
        AdvisoryKind.BUS_CONNECTION,
    }
)
"""Advisories that are about one bus."""


@dataclass(frozen=True)
class LineSight:
    """The bus lines that an actor may see."""

    actor: Actor

    @property
    def every(self) -> bool:
        """Whether all lines may be seen."""
        others = self.actor.roles - {Role.BUS_DISPATCHER}
        everywhere = EVERY in self.actor.lines and self.actor.may(Permission.SEE_BUSES)
        return everywhere or any(Permission.SEE_BUSES in ROLES[role] for role in others)

    def line(self, line: str) -> bool:
        """Whether a line may be seen."""
        return self.actor.sees_line(line)

    def advisory(self, advisory: Advisory, transit: TransitState | None) -> bool:
        """Whether an advisory may be seen: one about a bus by who may see its line, every other by everybody.

        A bus that is on no line just now is seen by those who may see all.
        """
        vehicle = advisory.content.get("vehicle")
        buses = transit.buses if transit else ()
        return self._advice(advisory, next((bus.line for bus in buses if bus.vehicle == vehicle), None))

    def stored(self, advisory: StoredAdvisory) -> bool:
        """Whether a stored advisory may be seen; nobody knows any more on which line a bus was."""
        return self._advice(advisory, None)

    def _advice(self, advisory: Advisory | StoredAdvisory, line: str | None) -> bool:
        if advisory.kind not in OF_A_BUS or self.every:
            return True
        named = advisory.content.get("line") or line
        return named is not None and self.line(str(named))


def sight_of(actor: Actor) -> LineSight | None:
    """Give what an actor may see; None where that is everything."""
    sight = LineSight(actor)
    return None if sight.every else sight
