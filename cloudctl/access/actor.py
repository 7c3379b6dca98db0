"""Who acts: a person who is signed in, or a program with an API token."""

from dataclasses import dataclass
from functools import cached_property

from cloudctl.access.roles import ROLES, Permission, Role

EVERY = "*"
"""Stands for all districts or all lines."""


@dataclass(frozen=True)
class Actor:
    """Who acts, in which roles, for whom, and where."""

    id: str
    """Stable id, as the audit log names it: `user:…`, `token:…` or `demo`."""
    name: str
    roles: frozenset[Role]
    organisation: str = ""
    districts: frozenset[str] = frozenset({EVERY})
    lines: frozenset[str] = frozenset()
    """Bus lines of a dispatcher."""
    session: str = ""
    """Public id of the session that the actor came with; empty for programs and for open access."""

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """All that the roles allow."""
        return frozenset().union(*(ROLES[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Tell whether any role allows it."""
        return permission in self.permissions

    def in_district(self, district: str) -> bool:
        """Tell whether a district is the actor's; "" is a place in no district, which is everybody's."""
        return not district or EVERY in self.districts or district in self.districts

    def sees_line(self, line: str) -> bool:
        """Tell whether buses of a line may be seen: all by a role of the police, else the own lines."""
        if Permission.SEE_BUSES not in self.permissions:
            return False
        others = self.roles - {Role.BUS_DISPATCHER}
        return self.dispatches_line(line) or any(Permission.SEE_BUSES in ROLES[role] for role in others)

    def dispatches_line(self, line: str) -> bool:
        """Tell whether a line is one of the actor's own."""
        return EVERY in self.lines or line in self.lines


DEMO_ACTOR = Actor(
    id="demo",
    name="演示 demo",
    roles=frozenset(
        {
            Role.POLICE_OPERATOR,
            Role.SIGNAL_ENGINEER,
            Role.BUS_DISPATCHER,
            Role.DEVICE_ADMINISTRATOR,
            Role.AUDITOR,
            Role.DATA_DESK,
        }
    ),
    lines=frozenset({EVERY}),
)
"""Everybody who visits a gateway with open access."""
