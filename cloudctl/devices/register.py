"""The register in the database: records of devices and what they last said of themselves. Times are UTC epoch s.

An id is one device, whatever its kind: it is the name with which the device signs in at the broker, and paths of the
API and parents name devices by it alone.
"""

import json
from collections.abc import Iterable, Mapping
from typing import LiteralString, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from cloudctl.database import Database, Transaction
from cloudctl.devices.errors import DeviceConflictError, UnknownDeviceError
from cloudctl.devices.record import LEARNT, CoordinateSystem, DeviceRecord, DeviceStatus, DeviceType
from ingest.uper.schema import Profile

MOST_PENDING = 5000
"""Unknown devices that are kept waiting; a flood of invented ids goes no further."""
_COLUMNS: LiteralString = (
    "SELECT d.id, d.kind, d.status, d.name, d.parent, coalesce((SELECT array_agg(m.group_id ORDER BY m.group_id)"
    " FROM v2x.device_group_member m WHERE m.device = d.id), '{}'), d.lon, d.lat, d.elevation, d.coordinate_system,"
    " d.profile, d.dialect, d.organisation, d.district, d.lawful_basis, d.nominal_rates, d.map_etag,"
    " extract(epoch FROM d.created)::float8, extract(epoch FROM d.updated)::float8, d.approved_by,"
    " extract(epoch FROM d.approved_at)::float8, d.revision,"
    " (SELECT s.info->>'signalControl' FROM v2x.device_status s WHERE s.id = d.id) FROM v2x.device_register d"
)
EDITABLE = frozenset(
    {
        *("name", "parent", "kind", "lon", "lat", "elevation", "coordinate_system", "profile", "dialect"),
        *("organisation", "district", "lawful_basis", "nominal_rates", "map_etag"),
    }
)
"""Fields of a record that may be changed."""


class DeviceFilter(NamedTuple):
    """Which records to list; None does not ask."""

    kind: str | None = None
    status: str | None = None
    group: str | None = None
    district: str | None = None
    parent: str | None = None


class SaidOfItself(NamedTuple):
    """What a device last said of itself, as it sent it, and when (UTC epoch s)."""

    info: dict[str, object] | None = None
    info_at: float | None = None
    base_info: dict[str, object] | None = None
    base_info_at: float | None = None
    running_info: dict[str, object] | None = None
    running_info_at: float | None = None


SAID = frozenset({"info", "base_info", "running_info"})


class Register:
    """Reads and writes records. All methods raise RegisterDownError where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_devices(self, wanted: DeviceFilter, after: str = "", limit: int = 1000) -> list[DeviceRecord]:
        """List records by id, those behind `after`."""
        query: LiteralString = (
            _COLUMNS + " WHERE d.id > %s AND (%s::text IS NULL OR d.kind = %s) AND (%s::text IS NULL OR d.status = %s)"
            " AND (%s::text IS NULL OR d.district = %s) AND (%s::text IS NULL OR d.parent = %s)"
            " AND (%s::text IS NULL OR EXISTS (SELECT FROM v2x.device_group_member g"
            " WHERE g.device = d.id AND g.group_id = %s)) ORDER BY d.id LIMIT %s"
        )
        asked = (wanted.kind, wanted.status, wanted.district, wanted.parent, wanted.group)
        async with self._database.transaction() as transaction:
            twice = [value for value in asked for _ in range(2)]
            return await transaction.fetch(_record, query, (after, *twice, limit))

    async def list_all(self) -> dict[str, DeviceRecord]:
        """Give all records by id."""
        async with self._database.transaction() as transaction:
            return {each.id: each for each in await transaction.fetch(_record, _COLUMNS + " ORDER BY d.id")}

    async def get(self, device: str) -> DeviceRecord:
        """Give one record; UnknownDeviceError where there is none."""
        async with self._database.transaction() as transaction:
            return await _get(transaction, device)

    async def said(self, device: str) -> SaidOfItself:
        """Give what a device last said of itself."""
        async with self._database.transaction() as transaction:
            found = await transaction.fetch(
                SaidOfItself,
                "SELECT info, extract(epoch FROM info_at)::float8, base_info, extract(epoch FROM base_info_at)::float8,"
                " running_info, extract(epoch FROM running_info_at)::float8 FROM v2x.device_status WHERE id = %s",
                (device,),
            )
        return found[0] if found else SaidOfItself()

    async def note_said(self, device: str, name: str, message: Mapping[str, object], received: float) -> None:
        """Keep the newest INFO (`info`), BaseINFO (`base_info`) or RunningInfo (`running_info`) of a known device."""
        async with self._database.transaction() as transaction:
            await transaction.run(_note_statement(name), (Jsonb(message), received, device))

    async def add(self, record: DeviceRecord) -> DeviceRecord:
        """Add a record; DeviceConflictError where its id is taken, UnknownDeviceError for an unknown parent."""
        try:
            async with self._database.transaction() as transaction:
                await transaction.run(
                    "INSERT INTO v2x.device_register (id, kind, status, name, parent, lon, lat, elevation,"
                    " coordinate_system, profile, dialect, organisation, district, lawful_basis, nominal_rates,"
                    " approved_by, approved_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
                    " CASE WHEN %s = 'approved' THEN now() END)",
                    (
                        *(record.id, record.kind, record.status, record.name, record.parent),
                        *(record.lon, record.lat, record.elevation, record.coordinate_system, record.profile),
                        *(record.dialect, record.organisation, record.district, record.lawful_basis),
                        *(Jsonb(record.nominal_rates), record.approved_by, record.status),
                    ),
                )
                return await _get(transaction, record.id)
        except psycopg.errors.UniqueViolation as fault:
            raise DeviceConflictError(record.id, "is registered already") from fault
        except psycopg.errors.ForeignKeyViolation as fault:
            raise UnknownDeviceError(record.parent or "") from fault

    async def add_unknown(
        self, found: Iterable[tuple[str, DeviceType, float | None, float | None]], status: DeviceStatus, by: str | None
    ) -> list[DeviceRecord]:
        """Put devices never heard of (id, kind, lon, lat) on the list; gives those that were new."""
        added: list[DeviceRecord] = []
        async with self._database.transaction() as transaction:
            waiting = await transaction.scalars("SELECT count(*) FROM v2x.device_register WHERE status = 'pending'")
            room = MOST_PENDING - int(str(waiting[0])) if status is DeviceStatus.PENDING else MOST_PENDING
            for device, kind, lon, lat in list(found)[: max(0, room)]:
                new = await transaction.run(
                    "INSERT INTO v2x.device_register (id, kind, status, lon, lat, dialect, approved_by, approved_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, CASE WHEN %s = 'approved' THEN now() END)"
                    " ON CONFLICT DO NOTHING",
                    (device, kind, status, lon, lat, LEARNT, by, status),
                )
                if new:
                    added.append(await _get(transaction, device))
        return added

    async def edit(self, device: str, changes: Mapping[str, object]) -> DeviceRecord:
        """Change fields of a record.

        Raises:
            UnknownDeviceError: no such device, or no such parent.
            DeviceConflictError: a value that the register does not take.
        """
        try:
            async with self._database.transaction() as transaction:
                await _get(transaction, device)
                for name, value in changes.items():
                    stored = Jsonb(value) if name == "nominal_rates" else value
                    await transaction.run(_edit_statement(name), (stored, device))
                await _touch(transaction, device)
                return await _get(transaction, device)
        except psycopg.errors.ForeignKeyViolation as fault:
            raise UnknownDeviceError(str(changes.get("parent"))) from fault
        except psycopg.errors.CheckViolation as fault:
            raise DeviceConflictError(device, f"cannot be so: {fault.diag.constraint_name}") from fault

    async def set_status(self, device: str, status: DeviceStatus, by: str) -> DeviceRecord:
        """Approve, block or retire; DeviceConflictError for a retired device, which stays so."""
        async with self._database.transaction() as transaction:
            before = await _get(transaction, device)
            if before.status is DeviceStatus.RETIRED and status is not DeviceStatus.RETIRED:
                raise DeviceConflictError(device, "is retired; register the unit anew under another id")
            if before.status is status:
                return before
            await transaction.run("UPDATE v2x.device_register SET status = %s WHERE id = %s", (status, device))
            if status is DeviceStatus.APPROVED:
                await transaction.run(
                    "UPDATE v2x.device_register SET approved_by = %s, approved_at = now() WHERE id = %s", (by, device)
                )
            await _touch(transaction, device)
            return await _get(transaction, device)


def _note_statement(name: str) -> sql.Composed:
    if name not in SAID:
        raise ValueError(name)
    return sql.SQL(
        "INSERT INTO v2x.device_status AS s (id, {name}, {at})"
        " SELECT id, %s, to_timestamp(%s) FROM v2x.device_register WHERE id = %s"
        " ON CONFLICT (id) DO UPDATE SET {name} = excluded.{name}, {at} = excluded.{at}"
        " WHERE s.{at} IS NULL OR s.{at} < excluded.{at}"
    ).format(name=sql.Identifier(name), at=sql.Identifier(f"{name}_at"))


def _edit_statement(name: str) -> sql.Composed:
    if name not in EDITABLE:
        raise ValueError(name)
    return sql.SQL("UPDATE v2x.device_register SET {} = %s WHERE id = %s").format(sql.Identifier(name))


async def _get(transaction: Transaction, device: str) -> DeviceRecord:
    found = await transaction.fetch(_record, _COLUMNS + " WHERE d.id = %s", (device,))
    if not found:
        raise UnknownDeviceError(device)
    return found[0]


async def _touch(transaction: Transaction, device: str) -> None:
    await transaction.run(
        "UPDATE v2x.device_register SET revision = revision + 1, updated = now() WHERE id = %s", (device,)
    )


def _record(  # one parameter a column, in the order of _COLUMNS
    device: str,
    kind: str,
    status: str,
    name: str | None,
    parent: str | None,
    groups: list[str],
    lon: float | None,
    lat: float | None,
    elevation: float | None,
    coordinate_system: str,
    profile: str,
    dialect: str,
    organisation: str | None,
    district: str | None,
    lawful_basis: str | None,
    nominal_rates: dict[str, float] | str,
    map_etag: str | None,
    created: float,
    updated: float,
    approved_by: str | None,
    approved_at: float | None,
    revision: int,
    signal_control: str | None,
) -> DeviceRecord:
    rates: dict[str, float] = json.loads(nominal_rates) if isinstance(nominal_rates, str) else nominal_rates
    return DeviceRecord(
        id=device,
        kind=DeviceType(kind),
        status=DeviceStatus(status),
        name=name,
        parent=parent,
        groups=groups,
        lon=lon,
        lat=lat,
        elevation=elevation,
        coordinate_system=CoordinateSystem(coordinate_system),
        profile=Profile(profile),
        dialect=dialect,
        organisation=organisation,
        district=district,
        lawful_basis=lawful_basis,
        nominal_rates=rates,
        map_etag=map_etag,
        created=created,
        updated=updated,
        approved_by=approved_by,
        approved_at=approved_at,
        revision=revision,
        signal_control=signal_control,
    )
