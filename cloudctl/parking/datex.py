"""DATEX II 3 parking publications: the table of lots, and their status.

Names and order of elements follow the parking name space of DATEX II 3 (`http://datex2.eu/schema/3/parking`):
`ParkingTablePublication` (publicationTime, publicationCreator, parkingTable+) and `ParkingStatusPublication`
(publicationTime, publicationCreator, parkingTableReference, parkingRecordStatus+). A record's status is in order
parkingRecordReference, parkingStatusOriginTime, parkingOccupancy, parkingSiteOpeningStatus, parkingSiteStatus; its
occupancy parkingNumberOfSpacesOverride, parkingNumberOfVacantSpaces, parkingNumberOfOccupiedSpaces, parkingOccupancy,
parkingOccupancyTrend. What is not known is left out.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from cloudctl.parking.outlook import LotNow
from cloudctl.parking.register import KERB, CarPark

D2 = "http://datex2.eu/schema/3/d2Payload"
COMMON = "http://datex2.eu/schema/3/common"
PARKING = "http://datex2.eu/schema/3/parking"
LOCATION = "http://datex2.eu/schema/3/locationReferencing"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TABLE_ID, VERSION = "v2x-cloudctl-lots", "1"
COUNTRY, NATIONAL = "cn", "v2x-cloudctl"
RISING = 0.5 / 60.0
"""Cars a second from which occupancy counts as increasing."""
ALMOST_FULL = 0.95

for _prefix, _space in (("d2", D2), ("com", COMMON), ("prk", PARKING), ("loc", LOCATION), ("xsi", XSI)):
    register_namespace(_prefix, _space)


@dataclass(frozen=True)
class LotRecord:
    """A lot with what is known of it."""

    lot: CarPark
    now: LotNow | None
    is_open: bool


def table_publication(lots: Iterable[CarPark], moment: float) -> bytes:
    """Write the lots; `moment` is UTC epoch s."""
    root = _publication("ParkingTablePublication", moment)
    table = SubElement(root, _p("parkingTable"), {"id": TABLE_ID, "version": VERSION})
    _text(table, _p("parkingTableVersionTime"), _time(moment))
    for lot in lots:
        _record(table, lot, moment)
    return _bytes(root)


def status_publication(records: Iterable[LotRecord], moment: float) -> bytes:
    """Write the status of the lots; `moment` is UTC epoch s."""
    root = _publication("ParkingStatusPublication", moment)
    reference = {"id": TABLE_ID, "version": VERSION, "targetClass": "prk:ParkingTable"}
    SubElement(root, _p("parkingTableReference"), reference)
    for record in records:
        _status(root, record)
    return _bytes(root)


def _record(table: Element, lot: CarPark, moment: float) -> None:
    kind = "prk:UrbanParkingSite" if lot.kind != KERB else "prk:GroupOfLocations"
    record = SubElement(table, _p("parkingRecord"), {_x("type"): kind, "id": lot.id, "version": VERSION})
    names = SubElement(SubElement(record, _p("parkingName")), _c("values"))
    for language, name in (("zh", lot.name_zh or lot.id), ("en", lot.name_en)):
        if name:
            SubElement(names, _c("value"), {"lang": language}).text = name
    _text(record, _p("parkingRecordVersionTime"), _time(moment))
    _text(record, _p("parkingNumberOfSpaces"), str(lot.capacity))
    place = SubElement(record, _p("parkingLocation"), {_x("type"): "loc:PointLocation"})
    point = SubElement(SubElement(place, _l("pointByCoordinates")), _l("pointCoordinates"))
    _text(point, _l("latitude"), f"{lot.lat:.7f}")
    _text(point, _l("longitude"), f"{lot.lon:.7f}")


def _status(root: Element, record: LotRecord) -> None:
    lot, now = record.lot, record.now
    status = SubElement(root, _p("parkingRecordStatus"), {_x("type"): "prk:ParkingSiteStatus"})
    reference = {"id": lot.id, "version": VERSION, "targetClass": "prk:ParkingRecord"}
    SubElement(status, _p("parkingRecordReference"), reference)
    if now is not None:
        _text(status, _p("parkingStatusOriginTime"), _time(now.updated))
        _occupancy(status, now)
    _text(status, _p("parkingSiteOpeningStatus"), "open" if record.is_open else "closed")
    if now is not None:
        _text(status, _p("parkingSiteStatus"), _fullness(now))


def _occupancy(status: Element, now: LotNow) -> None:
    occupied = min(now.occupied, now.capacity)
    part = SubElement(status, _p("parkingOccupancy"))
    _text(part, _p("parkingNumberOfSpacesOverride"), str(now.capacity))
    _text(part, _p("parkingNumberOfVacantSpaces"), str(now.capacity - occupied))
    _text(part, _p("parkingNumberOfOccupiedSpaces"), str(occupied))
    _text(part, _p("parkingOccupancy"), f"{100.0 * occupied / max(now.capacity, 1):.1f}")
    trend = "stable" if abs(now.trend) < RISING else "increasing" if now.trend > 0 else "decreasing"
    _text(part, _p("parkingOccupancyTrend"), trend)


def _fullness(now: LotNow) -> str:
    if now.occupied >= now.capacity:
        return "full"
    return "almostFull" if now.occupied >= ALMOST_FULL * now.capacity else "spacesAvailable"


def _publication(kind: str, moment: float) -> Element:
    root = Element(f"{{{D2}}}payload", {"lang": "zh", "modelBaseVersion": "3", _x("type"): f"prk:{kind}"})
    _text(root, _c("publicationTime"), _time(moment))
    creator = SubElement(root, _c("publicationCreator"))
    _text(creator, _c("country"), COUNTRY)
    _text(creator, _c("nationalIdentifier"), NATIONAL)
    return root


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text


def _time(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _bytes(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _p(name: str) -> str:
    return f"{{{PARKING}}}{name}"


def _c(name: str) -> str:
    return f"{{{COMMON}}}{name}"


def _l(name: str) -> str:
    return f"{{{LOCATION}}}{name}"


def _x(name: str) -> str:
    return f"{{{XSI}}}{name}"
