"""Groups of devices in the database."""

from typing import NamedTuple

import psycopg

from cloudctl.database import Database
from cloudctl.devices.errors import DeviceConflictError, UnknownDeviceError, UnknownGroupError


class Group(NamedTuple):
    """One group; `created` is UTC epoch s."""

    id: str
    name: str
    description: str
    created: float
    created_by: str
    devices: list[str]


class Groups:
    """Reads and writes groups. All methods raise RegisterDownError where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_groups(self, after: str = "", limit: int = 1000) -> list[Group]:
        """List groups by id, those behind `after`."""
        async with self._database.transaction() as transaction:
            return await transaction.fetch(
                Group,
                "SELECT g.id, g.name, g.description, extract(epoch FROM g.created)::float8, g.created_by,"
                " coalesce((SELECT array_agg(m.device ORDER BY m.device) FROM v2x.device_group_member m"
                " WHERE m.group_id = g.id), '{}') FROM v2x.device_group g WHERE g.id > %s ORDER BY g.id LIMIT %s",
                (after, limit),
            )

    async def get(self, group: str) -> Group:
        """Give one group; UnknownGroupError where there is none."""
        async with self._database.transaction() as transaction:
            found = await transaction.fetch(
                Group,
                "SELECT g.id, g.name, g.description, extract(epoch FROM g.created)::float8, g.created_by,"
                " coalesce((SELECT array_agg(m.device ORDER BY m.device) FROM v2x.device_group_member m"
                " WHERE m.group_id = g.id), '{}') FROM v2x.device_group g WHERE g.id = %s",
                (group,),
            )
        if not found:
            raise UnknownGroupError(group)
        return found[0]

    async def add(self, group: str, name: str, description: str, by: str) -> Group:
        """Make a group; DeviceConflictError where its id is taken."""
        try:
            async with self._database.transaction() as transaction:
                await transaction.run(
                    "INSERT INTO v2x.device_group (id, name, description, created_by) VALUES (%s, %s, %s, %s)",
                    (group, name, description, by),
                )
        except psycopg.errors.UniqueViolation as fault:
            raise DeviceConflictError(group, "is a group already") from fault
        return await self.get(group)

    async def edit(self, group: str, name: str | None, description: str | None) -> Group:
        """Change name or description; None leaves it."""
        async with self._database.transaction() as transaction:
            touched = await transaction.run(
                "UPDATE v2x.device_group SET name = coalesce(%s, name), description = coalesce(%s, description)"
                " WHERE id = %s",
                (name, description, group),
            )
        if not touched:
            raise UnknownGroupError(group)
        return await self.get(group)

    async def remove(self, group: str) -> None:
        """Remove a group, not its devices; UnknownGroupError where there is none."""
        async with self._database.transaction() as transaction:
            if not await transaction.run("DELETE FROM v2x.device_group WHERE id = %s", (group,)):
                raise UnknownGroupError(group)

    async def join(self, group: str, device: str) -> None:
        """Put a device into a group, where it may be already."""
        await self.get(group)
        try:
            async with self._database.transaction() as transaction:
                await transaction.run(
                    "INSERT INTO v2x.device_group_member (group_id, device) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (group, device),
                )
        except psycopg.errors.ForeignKeyViolation as fault:
            raise UnknownDeviceError(device) from fault

    async def leave(self, group: str, device: str) -> None:
        """Take a device out of a group, where it may not be."""
        await self.get(group)
        async with self._database.transaction() as transaction:
            await transaction.run(
                "DELETE FROM v2x.device_group_member WHERE group_id = %s AND device = %s", (group, device)
            )
