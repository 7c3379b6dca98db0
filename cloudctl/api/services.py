"""What the routes of the gateway share, made once at start."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from starlette.requests import HTTPConnection

from cloudctl.access.permissions import Authenticator, Closed
from cloudctl.api.command_channel import CommandSender, NoEngine
from cloudctl.api.district_sight import Districts
from cloudctl.api.doors import Doors
from cloudctl.api.history import History
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.parking_roads import LiveRoads
from cloudctl.api.privacy_office import PrivacyOffice
from cloudctl.api.routing_outlook import RoutingDesk
from cloudctl.api.stored_history import StoredHistory
from cloudctl.devices.certificates import CertificateFolder
from cloudctl.devices.desk import DeviceDesk
from cloudctl.dispatch.office import DispatchOffice
from cloudctl.experiments.office import ExperimentOffice
from cloudctl.incidents.desk import Desk
from cloudctl.maas.desk import JourneyDesk
from cloudctl.ondemand.desk import OnDemandDesk
from cloudctl.parking.office import ParkingOffice
from cloudctl.privacy.audit import Auditor, NoAudit

now = time.time
"""UTC epoch, s; the one clock of the gateway."""


@dataclass(frozen=True)
class Services:
    """State, fan-out, metrics, road network and history of one gateway."""

    state: LiveState
    hub: Hub
    measures: Measures
    tables: NetworkTables
    history: History
    doors: Doors
    access: Authenticator = field(default_factory=Closed)
    """Tells who sends a request."""
    commands: CommandSender = field(default_factory=NoEngine)
    """The way to the engine."""
    audit: Auditor = field(default_factory=NoAudit)
    """Takes an entry before anybody sees a trajectory; without one nobody does."""
    privacy: PrivacyOffice | None = None
    """Bases, consents, withdrawals, masked names."""
    started: float = field(default_factory=time.time)
    devices: DeviceDesk | None = None
    """The register of devices."""
    certificates: CertificateFolder | None = None
    """Where the certificates of devices lie; None: nobody has said."""
    desk: Desk | None = None
    """Incidents that are taken care of, and what operators asked for."""
    dispatch: DispatchOffice | None = None
    """Timetables and results of the buses."""
    experiments: ExperimentOffice | None = None
    """Before-and-after studies."""
    store: StoredHistory | None = None
    """The database, for questions about the past."""
    districts: Districts = field(default_factory=Districts)
    """Which place lies in which district."""
    parking: ParkingOffice | None = None
    """The register of lots and what was stored of them."""
    journeys: JourneyDesk | None = None
    """Plans journeys from door to door."""
    rides: OnDemandDesk | None = None
    """Buses on demand."""

    @cached_property
    def roads(self) -> LiveRoads:
        """Driving times now, made at the first question."""
        return LiveRoads(self.tables.network, self.state)

    @cached_property
    def routing(self) -> RoutingDesk:
        """Ways and travel times ahead, made at the first question."""
        return RoutingDesk(self.tables.network, self.state, self.store)

    @classmethod
    def of(cls, connection: HTTPConnection) -> "Services":
        """Give the services of the app that serves a request or a socket."""
        return cast("Services", connection.app.state.services)
