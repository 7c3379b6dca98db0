"""Revisions and their deliveries in the database: what was to be sent down, to whom, and how far it has come."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from cloudctl.database import Database, Transaction
from cloudctl.devices.delivery import DeliveryKind, DeliveryOrder, DeliveryStatus
from cloudctl.devices.errors import UnknownDeviceError, UnknownRevisionError

SILENT_AFTER_S = 30.0
"""A delivery of which the engine says nothing more for so long is handed to it again: it may have been restarted."""
MOST_ORDERS = 5
"""Then it has failed."""
_REVISION: LiteralString = (
    "SELECT revision, kind, etag, map_slice, content, extract(epoch FROM created)::float8, created_by"
    " FROM v2x.device_revision"
)
_DELIVERY: LiteralString = (
    "SELECT d.id, d.device, d.revision, d.kind, r.etag, d.status, d.detail, d.orders,"
    " extract(epoch FROM d.created)::float8, extract(epoch FROM d.updated)::float8"
    " FROM v2x.device_delivery d JOIN v2x.device_revision r USING (revision)"
)

_SETTLE_SILENT: LiteralString = (
    "UPDATE v2x.device_delivery d SET updated = now(),"
    " status = CASE WHEN newer THEN 'superseded' ELSE 'failed' END,"
    " detail = CASE WHEN newer THEN 'by a newer one' ELSE 'the engine never said what came of it' END"
    " FROM (SELECT id, orders, EXISTS (SELECT FROM v2x.device_delivery n WHERE n.device = o.device"
    " AND n.kind = o.kind AND n.id > o.id AND n.status = 'queued') AS newer FROM v2x.device_delivery o"
    " WHERE status = 'sent' AND kind <> 'management' AND updated < now() - make_interval(secs => %s)) silent"
    " WHERE d.id = silent.id AND (newer OR silent.orders >= %s)"
)
_TAKE_DUE: LiteralString = (
    "WITH due AS (SELECT id FROM v2x.device_delivery q WHERE (status = 'queued' AND (kind = 'management' OR NOT EXISTS"
    " (SELECT FROM v2x.device_delivery s WHERE s.device = q.device AND s.kind = q.kind AND s.status = 'sent')))"
    " OR (status = 'sent' AND kind <> 'management' AND updated < now() - make_interval(secs => %s))"
    " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)"
    " UPDATE v2x.device_delivery d SET status = 'sent', orders = d.orders + 1, updated = now()"
    " FROM due, v2x.device_revision r WHERE d.id = due.id AND r.revision = d.revision"
    " RETURNING d.id, d.device, d.kind, r.content, r.etag, r.map_slice"
)
_SEND_AGAIN: LiteralString = (
    "UPDATE v2x.device_delivery d SET status = 'queued', detail = 'the device is back', updated = now()"
    " WHERE device = ANY(%s) AND status = 'connection_abnormal' AND kind <> 'management' AND orders < %s AND NOT EXISTS"
    " (SELECT FROM v2x.device_delivery n WHERE n.device = d.device AND n.kind = d.kind AND n.id > d.id)"
)


class Revision(NamedTuple):
    """What was to be sent down. `created` is UTC epoch s."""

    revision: int
    kind: str
    etag: str | None
    map_slice: str | None
    content: dict[str, object]
    created: float
    created_by: str


class Delivery(NamedTuple):
    """One revision on its way to one device. Times are UTC epoch s."""

    id: int
    device: str
    revision: int
    kind: str
    etag: str | None
    status: str
    detail: str
    orders: int
    created: float
    updated: float


def etag_of(content: Mapping[str, object]) -> str:
    """Give the eTag of a MAP: equal content has the same, in whatever order its members stand."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Deliveries:
    """Reads and writes them. All methods raise RegisterDownError where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_revision(
        self, kind: DeliveryKind, content: Mapping[str, object], by: str, *, map_slice: str | None = None
    ) -> Revision:
        """Keep what is to be sent down; a MAP that is there already is not kept twice."""
        etag = etag_of(content) if kind is DeliveryKind.MAP else None
        async with self._database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO v2x.device_revision (kind, etag, map_slice, content, created_by)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (kind, etag, map_slice, Jsonb(content), by),
            )
            clause: LiteralString = " WHERE etag = %s" if etag else " WHERE etag IS NULL AND kind = %s"
            return (await _revisions(transaction, clause + " ORDER BY revision DESC LIMIT 1", (etag or kind,)))[0]

    async def revision(self, number: int) -> Revision:
        """Give a revision by its number; UnknownRevisionError where there is none."""
        async with self._database.transaction() as transaction:
            found = await _revisions(transaction, " WHERE revision = %s", (number,))
        if not found:
            raise UnknownRevisionError(str(number))
        return found[0]

    async def map_of(self, etag: str) -> Revision:
        """Give the MAP with an eTag; UnknownRevisionError where there is none."""
        async with self._database.transaction() as transaction:
            found = await _revisions(transaction, " WHERE etag = %s", (etag,))
        if not found:
            raise UnknownRevisionError(etag)
        return found[0]

    async def list_maps(self, after: int, limit: int) -> list[Revision]:
        """List MAPs, the oldest first, those behind revision `after`."""
        async with self._database.transaction() as transaction:
            return await _revisions(
                transaction, " WHERE kind = 'map' AND revision > %s ORDER BY revision LIMIT %s", (after, limit)
            )

    async def queue(self, revision: Revision, devices: Iterable[str]) -> list[Delivery]:
        """Queue a revision for devices; older ones in the queue give way, and who has the MAP is not sent it."""
        async with self._database.transaction() as transaction:
            return [await _queue_one(transaction, revision, device) for device in devices]

    async def list_of_device(self, device: str, *, before: int | None = None, limit: int = 100) -> list[Delivery]:
        """List the deliveries to one device, the newest first, those before number `before`."""
        async with self._database.transaction() as transaction:
            return await transaction.fetch(
                Delivery,
                _DELIVERY + " WHERE d.device = %s AND (%s::bigint IS NULL OR d.id < %s) ORDER BY d.id DESC LIMIT %s",
                (device, before, before, limit),
            )

    async def list_of_revision(self, revision: int, *, after: int = 0, limit: int = 1000) -> list[Delivery]:
        """List the deliveries of one revision by number, those behind `after`."""
        async with self._database.transaction() as transaction:
            return await transaction.fetch(
                Delivery,
                _DELIVERY + " WHERE d.revision = %s AND d.id > %s ORDER BY d.id LIMIT %s",
                (revision, after, limit),
            )

    async def take_due(self, limit: int = 50) -> list[DeliveryOrder]:
        """Take orders for the engine: what is queued, and what it fell silent about.

        A configuration or MAP waits until the one before it is settled, so that no older one is sent after a newer.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(_SETTLE_SILENT, (SILENT_AFTER_S, MOST_ORDERS))
            due = await transaction.fetch(_due, _TAKE_DUE, (SILENT_AFTER_S, limit))
        return sorted(due, key=lambda order: order.delivery)

    async def give_back(self, delivery: int, detail: str) -> None:
        """Queue a delivery again that the engine could not be told of."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE v2x.device_delivery SET status = 'queued', detail = %s, orders = orders - 1, updated = now()"
                " WHERE id = %s AND status = 'sent'",
                (detail, delivery),
            )

    async def note(self, delivery: int, device: str, status: DeliveryStatus, detail: str) -> None:
        """Take over what the engine says; what is settled stays as it is. A MAP that was taken is the device's MAP."""
        async with self._database.transaction() as transaction:
            touched = await transaction.run(
                "UPDATE v2x.device_delivery SET status = %s, detail = %s, updated = now()"
                " WHERE id = %s AND device = %s AND status IN ('queued', 'sent')",
                (status, detail, delivery, device),
            )
            if touched and status is DeliveryStatus.ACKNOWLEDGED:
                await transaction.run(
                    "UPDATE v2x.device_register g SET map_etag = r.etag FROM v2x.device_delivery d"
                    " JOIN v2x.device_revision r USING (revision)"
                    " WHERE d.id = %s AND g.id = d.device AND r.etag IS NOT NULL",
                    (delivery,),
                )

    async def send_again(self, devices: Iterable[str]) -> int:
        """Queue what devices that are back never answered: the newest CONFIG and MAP of each. Gives how many.

        Each is given to the engine `MOST_ORDERS` times at most, so that a device that never answers has peace at last.
        """
        async with self._database.transaction() as transaction:
            return await transaction.run(_SEND_AGAIN, (list(devices), MOST_ORDERS))

    async def fail(self, delivery: int, detail: str) -> None:
        """Close a delivery that the engine refused."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE v2x.device_delivery SET status = 'failed', detail = %s, updated = now() WHERE id = %s",
                (detail, delivery),
            )


async def _revisions(transaction: Transaction, clause: LiteralString, parameters: Iterable[object]) -> list[Revision]:
    return await transaction.fetch(Revision, _REVISION + clause, tuple(parameters))


async def _queue_one(transaction: Transaction, revision: Revision, device: str) -> Delivery:
    known = await transaction.scalars("SELECT map_etag FROM v2x.device_register WHERE id = %s", (device,))
    if not known:
        raise UnknownDeviceError(device)
    if revision.kind != DeliveryKind.MANAGEMENT:
        await transaction.run(
            "UPDATE v2x.device_delivery SET status = 'superseded', detail = %s, updated = now()"
            " WHERE device = %s AND kind = %s AND status = 'queued'",
            (f"by revision {revision.revision}", device, revision.kind),
        )
    has_it = revision.etag is not None and known[0] == revision.etag
    status = DeliveryStatus.PRESENT if has_it else DeliveryStatus.QUEUED
    number = await transaction.scalars(
        "INSERT INTO v2x.device_delivery (device, revision, kind, status) VALUES (%s, %s, %s, %s) RETURNING id",
        (device, revision.revision, revision.kind, status),
    )
    return (await transaction.fetch(Delivery, _DELIVERY + " WHERE d.id = %s", (number[0],)))[0]


def _due(
    number: int, device: str, kind: str, content: dict[str, object], etag: str | None, map_slice: str | None
) -> DeliveryOrder:
    return DeliveryOrder(
        delivery=number, device=device, kind=DeliveryKind(kind), content=content, etag=etag, map_slice=map_slice
    )
