"""The register as the gateway uses it: database, and the keeper that tells the engine of every change."""

import time
from collections.abc import Mapping

from cloudctl.database import Database
from cloudctl.devices.delivery_store import Deliveries, Delivery, Revision
from cloudctl.devices.errors import DeviceConflictError
from cloudctl.devices.groups import Groups
from cloudctl.devices.keeper import DeviceKeeper
from cloudctl.devices.letters import Letters
from cloudctl.devices.record import DeviceRecord, DeviceStatus
from cloudctl.devices.register import Register

FRESH_S = 2.0


class DeviceDesk:
    """What an operator may do with devices; each change reaches the engine."""

    def __init__(self, database: Database, keeper: DeviceKeeper, register: Register, deliveries: Deliveries) -> None:
        self._database, self._keeper = database, keeper
        self.register, self.deliveries = register, deliveries
        self.groups = Groups(database)
        self.letters = Letters(database)
        self._records: dict[str, DeviceRecord] = {}
        self._read_at = float("-inf")

    async def run(self) -> None:
        """Hold the database open and keep in step until cancelled."""
        await self._database.open()
        try:
            await self._keeper.run()
        finally:
            await self._database.close()

    async def records(self) -> dict[str, DeviceRecord]:
        """Give all records by id, as they were a moment ago at most: another gateway may write too."""
        if time.monotonic() - self._read_at > FRESH_S:
            self._records = await self.register.list_all()
            self._read_at = time.monotonic()
        return self._records

    async def add(self, record: DeviceRecord) -> DeviceRecord:
        """Register a device, see `Register.add`."""
        return await self._told(await self.register.add(record))

    async def edit(self, device: str, changes: Mapping[str, object]) -> DeviceRecord:
        """Change fields of a record, see `Register.edit`."""
        return await self._told(await self.register.edit(device, changes))

    async def set_status(self, device: str, status: DeviceStatus, by: str) -> DeviceRecord:
        """Approve, block or retire, see `Register.set_status`."""
        return await self._told(await self.register.set_status(device, status, by))

    async def join(self, group: str, device: str) -> DeviceRecord:
        """Put a device into a group."""
        await self.groups.join(group, device)
        return await self._told(await self.register.get(device))

    async def leave(self, group: str, device: str) -> DeviceRecord:
        """Take a device out of a group."""
        await self.groups.leave(group, device)
        return await self._told(await self.register.get(device))

    async def send_to_device(self, revision: Revision, device: str) -> list[Delivery]:
        """Queue a revision for one device; DeviceConflictError where it is not approved."""
        record = await self.register.get(device)
        if record.status is not DeviceStatus.APPROVED:
            raise DeviceConflictError(device, f"is {record.status}; only an approved device is sent anything")
        return await self._queue(revision, [device])

    async def send_to_group(self, revision: Revision, group: str) -> list[Delivery]:
        """Queue a revision for the approved devices of a group."""
        members = (await self.groups.get(group)).devices
        records = await self.register.list_all()
        return await self._queue(revision, [name for name in members if records[name].status is DeviceStatus.APPROVED])

    async def _queue(self, revision: Revision, devices: list[str]) -> list[Delivery]:
        queued = await self.deliveries.queue(revision, devices)
        self._keeper.hurry()
        return queued

    async def remove_group(self, group: str) -> None:
        """Remove a group, not its devices."""
        members = (await self.groups.get(group)).devices
        await self.groups.remove(group)
        for device in members:
            await self._told(await self.register.get(device))

    async def _told(self, record: DeviceRecord) -> DeviceRecord:
        self._read_at = float("-inf")
        await self._keeper.publish(record)
        return record
