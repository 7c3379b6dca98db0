"""A western and an eastern district that part the stored cars' way in the middle, and people of each."""

import history_city as city

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api.district_sight import Districts
from cloudctl.api.network_tables import NetworkTables
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType

WEST_UNIT = "RSU00002"
CROSSED = 12.0
"""When the cars come into the east, s after NOON: 60 of their 120 points lie in either half, but for a car's length."""


def halves(tables: NetworkTables) -> Districts:
    """The border runs at 112.9313; the incidents lie in the east, the advisory in the west."""
    made = Districts({}, tables.link_ends)
    made.take(
        DeviceRecord(id=name, kind=DeviceType.RSU, status=DeviceStatus.APPROVED, lon=lon, lat=28.2, district=district)
        for name, lon, district in ((WEST_UNIT, 112.9297, "west"), (city.DEVICE, 112.9329, "east"))
    )
    return made


def of_district(district: str) -> Actor:
    """Somebody who may see all there is of a district."""
    roles = frozenset({Role.POLICE_OPERATOR, Role.DEVICE_ADMINISTRATOR})
    return Actor(f"user:{district}", "Wu", roles, districts=frozenset({district}))
