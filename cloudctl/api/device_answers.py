"""Records of the register and live states of the engine, put together as answers."""

from collections.abc import Iterable, Mapping

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Permission
from cloudctl.api.device_models import (
    CertificateItem,
    DeliveryItem,
    DeviceDetail,
    DeviceItem,
    Health,
    Said,
    StreamHealth,
    SubDevice,
)
from cloudctl.api.models import as_time
from cloudctl.api.state_messages import DeviceState
from cloudctl.devices.certificates import CertificateFolder
from cloudctl.devices.delivery import DeliveryKind, DeliveryStatus
from cloudctl.devices.delivery_store import Delivery
from cloudctl.devices.errors import CertificateFileError
from cloudctl.devices.record import DeviceRecord, DeviceType
from cloudctl.devices.register import SaidOfItself

VEHICLE = "obu"


def states_by_id(states: Iterable[DeviceState]) -> dict[str, DeviceState]:
    """Index live states; where a vehicle and a roadside device have one id, the roadside device counts."""
    found: dict[str, DeviceState] = {}
    for state in states:
        if state.id not in found or found[state.id].kind == VEHICLE:
            found[state.id] = state
    return found


def visible(actor: Actor, record: DeviceRecord | None) -> bool:
    """Tell whether somebody may see a device: those of the own districts and those in none."""
    return record is None or actor.in_district(record.district or "")


def kind_of(record: DeviceRecord | None, state: DeviceState | None) -> str:
    """Give the kind, the register's before the engine's."""
    return record.kind.value if record is not None else state.kind if state is not None else ""


def item_of(device: str, record: DeviceRecord | None, state: DeviceState | None, actor: Actor) -> DeviceItem:
    """Make the item of a list; where a vehicle is, only who sees trajectories is told."""
    kind = kind_of(record, state)
    lon, lat = _place(record, state)
    if kind == VEHICLE and not actor.may(Permission.SEE_TRAJECTORIES):
        lon, lat = None, None
    return DeviceItem(
        id=device,
        kind=kind,
        lon=lon,
        lat=lat,
        online=state is not None and state.online,
        last_seen=as_time(None if state is None else state.last_seen),
        rates={} if state is None else state.rates,
        refused={} if state is None else state.refused,
        clock_offset=_seconds(None if state is None else state.clock_offset_ms),
        latency=_seconds(None if state is None else state.latency_ms_p50),
        registered=record is not None,
        status=None if record is None else record.status,
        name=None if record is None else record.name,
        parent=None if record is None else record.parent,
        groups=[] if record is None else record.groups,
        organisation=None if record is None else record.organisation,
        district=None if record is None else record.district,
    )


def detail_of(
    item: DeviceItem,
    record: DeviceRecord | None,
    state: DeviceState | None,
    said: SaidOfItself,
    children: Iterable[DeviceRecord],
    certificate: CertificateItem | None = None,
    *,
    certificates_known: bool = False,
) -> DeviceDetail:
    """Make the whole answer about one device."""
    plain = item.model_dump()
    if record is not None:
        plain |= {
            "elevation": record.elevation,
            "coordinate_system": record.coordinate_system,
            "profile": record.profile,
            "dialect": record.dialect,
            "lawful_basis": record.lawful_basis,
            "nominal_rates": record.nominal_rates,
            "map_etag": record.map_etag,
            "created": as_time(record.created),
            "updated": as_time(record.updated),
            "approved_by": record.approved_by,
            "approved_at": as_time(record.approved_at),
            "revision": record.revision,
        }
    return DeviceDetail(
        **plain,
        health=None if state is None else health_of(state),
        info=Said(message=said.info, received=as_time(said.info_at)),
        base_info=Said(message=said.base_info, received=as_time(said.base_info_at)),
        running_info=Said(message=said.running_info, received=as_time(said.running_info_at)),
        sub_devices=_sub_devices(said.running_info, children),
        certificate=certificate,
        certificates_known=certificates_known,
    )


def certificate_of(folder: CertificateFolder | None, device: str, now: float) -> CertificateItem | None:
    """Look the certificate of a device up, at `now` (UTC epoch, s)."""
    try:
        found = None if folder is None else folder.find(device)
    except CertificateFileError:
        return CertificateItem(state="unreadable")
    if found is None:
        return None
    return CertificateItem(
        state=found.state(now),
        subject=found.subject,
        issuer=found.issuer,
        serial=found.serial,
        not_before=found.not_before,
        not_after=found.not_after,
        days_left=found.days_left(now),
    )


def health_of(state: DeviceState) -> Health:
    """Make the health of one device."""
    names = sorted({*state.rates, *state.nominal})
    return Health(
        online=state.online,
        heartbeat=state.heartbeat,
        in_picture=state.live,
        last_seen=as_time(state.last_seen),
        streams=[
            StreamHealth(
                name=name,
                rate=state.rates.get(name, 0.0),
                nominal=state.nominal.get(name),
                slow=name in state.slow,
            )
            for name in names
        ],
        missing=state.missing,
        shed=state.shed,
        refused=state.refused,
        clock_offset=_seconds(state.clock_offset_ms),
        clock_wrong=state.clock_wrong,
        latency=_seconds(state.latency_ms_p50),
    )


def delivery_of(delivery: Delivery) -> DeliveryItem:
    """Make the answer about one delivery."""
    return DeliveryItem(
        id=delivery.id,
        device=delivery.device,
        revision=delivery.revision,
        kind=DeliveryKind(delivery.kind),
        etag=delivery.etag,
        status=DeliveryStatus(delivery.status),
        detail=delivery.detail,
        created=as_time(delivery.created),
        updated=as_time(delivery.updated),
    )


def _place(record: DeviceRecord | None, state: DeviceState | None) -> tuple[float | None, float | None]:
    if record is not None and record.lon is not None:
        return record.lon, record.lat
    return (None, None) if state is None else (state.lon, state.lat)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000.0


def _sub_devices(running: Mapping[str, object] | None, children: Iterable[DeviceRecord]) -> list[SubDevice]:
    """Join the parts that are registered with those that RunningInfo names (runningInfo.subDevices[].id)."""
    told: dict[str, dict[str, object]] = {}
    outer = (running or {}).get("runningInfo")
    listed = outer.get("subDevices") if isinstance(outer, dict) else None
    for part in listed if isinstance(listed, list) else ():
        if isinstance(part, dict) and isinstance(part.get("id"), str):
            told[part["id"]] = part
    registered = {child.id: child for child in children}
    return [
        SubDevice(
            id=name,
            kind=_kind_of_part(registered.get(name), told.get(name, {})),
            registered=name in registered,
            status=registered[name].status if name in registered else None,
            readings={key: value for key, value in told.get(name, {}).items() if key not in {"id", "kind"}},
        )
        for name in sorted({*registered, *told})
    ]


def _kind_of_part(record: DeviceRecord | None, told: Mapping[str, object]) -> str | None:
    if record is not None:
        return record.kind.value
    kind = told.get("kind")
    return kind if isinstance(kind, str) and kind in set(DeviceType) else None
