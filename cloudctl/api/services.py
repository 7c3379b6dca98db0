"""What the routes of the gateway share, made once at start."""

import time
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import HTTPConnection

from cloudctl.api.doors import Doors
from cloudctl.api.history import History
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables

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
    started: float = field(default_factory=time.time)

    @classmethod
    def of(cls, connection: HTTPConnection) -> "Services":
        """Give the services of the app that serves a request or a socket."""
        return cast("Services", connection.app.state.services)
