"""What the routes of the gateway share, made once at start."""

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import HTTPConnection

from cloudctl.access.permissions import Authenticator, Closed
from cloudctl.api.command_channel import CommandSender, NoEngine
from cloudctl.api.doors import Doors
from cloudctl.api.history import History
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.privacy_office import PrivacyOffice
from cloudctl.api.stored_history import StoredHistory
from cloudctl.devices.desk import DeviceDesk
from cloudctl.dispatch.office import DispatchOffice
from cloudctl.incidents.desk import Desk
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
    desk: Desk | None = None
    """Incidents that are taken care of, and what operators asked for."""
    dispatch: DispatchOffice | None = None
    """Timetables and results of the buses."""
    store: StoredHistory | None = None
    """The database, for questions about the past."""

    @classmethod
    def of(cls, connection: HTTPConnection) -> "Services":
        """Give the services of the app that serves a request or a socket."""
        return cast("Services", connection.app.state.services)
