"""The gateway process: `python -m cloudctl.gateway --config FILE`. HTTP API, live feed and live map; read-only.

It holds no state of its own: start it more than once, anywhere, against the same broker and database.
"""

import argparse
import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import uvicorn

from cloudctl.access.starting import make_access, make_hosts, run_access
from cloudctl.api.app import make_app
from cloudctl.api.broker_feed import BrokerFeed
from cloudctl.api.client_messages import MAX_MESSAGE_BYTES
from cloudctl.api.command_channel import CommandChannel
from cloudctl.api.district_sight import Districts
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.incident_door import run_desk
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.ondemand_fleet import make_rides
from cloudctl.api.privacy_office import make_office
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.devices.certificates import CertificateFolder
from cloudctl.devices.starting import make_desk
from cloudctl.dispatch.announcer import DispatchAnnouncer
from cloudctl.dispatch.office import DispatchOffice
from cloudctl.dispatch.store import DispatchStore
from cloudctl.errors import CloudctlError, PortInUseError
from cloudctl.experiments.office import ExperimentOffice
from cloudctl.incidents.starting import make_desk as make_incident_desk
from cloudctl.maas.desk import JourneyDesk
from cloudctl.observability import configure_logging
from cloudctl.parking.office import ParkingOffice
from cloudctl.parking.store import ParkingStore
from cloudctl.privacy.anchors import AnchorFile
from cloudctl.privacy.audit import AuditLog
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.names import Names
from cloudctl.routing.vehicle_classes import VehicleClasses, read_rules
from cloudctl.settings import Settings, read_settings
from maps.errors import MapsError
from maps.network_file import open_network

SHUTDOWN_S = 3


class _Server(uvicorn.Server):
    """uvicorn ends by raising the signal it got; a supervised process ends with exit code 0 instead."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ask for the end on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_end)
        yield

    def _ask_to_end(self) -> None:
        self.should_exit = True


def serve(settings: Settings) -> None:
    """Serve until asked to end. Raises CloudctlError or MapsError where it cannot start."""
    network = open_network(settings.map.file)
    listener = _listener(settings.gateway.host, settings.gateway.port)
    keys = KeyRing(settings.data_dir / "keys")
    names = Names(keys, time.time)
    state, measures = LiveState(names=names), Measures()
    hub = Hub(state, measures)
    history = StoredHistory(settings.database.url)
    commands = CommandChannel(settings.broker.url)
    audit = AuditLog(settings.database.url, AnchorFile(settings.data_dir / "audit", keys))
    privacy = make_office(settings, names, keys, audit)
    access = make_access(settings, audit)
    devices = make_desk(settings, partial(commands.send, issued_by="gateway"))
    dispatch_store = DispatchStore(settings.database.url)
    announcer = DispatchAnnouncer(settings.broker.url, dispatch_store)
    dispatch = DispatchOffice(dispatch_store, settings.timetable_file, announcer)
    tables, doors = NetworkTables(network), Doors()
    parking = ParkingOffice(
        network,
        ParkingStore(settings.database.url),
        settings.broker.url,
        lambda: state.lots,
        settings.parking.register_file,
    )
    journeys = JourneyDesk(network, settings.timetable_file, lambda: state.transit)
    rides = make_rides(settings.database.url, journeys, lambda: services.roads)
    desk = make_incident_desk(settings.database.url, commands.send, audit, network.links.road_class.tolist())
    lon, lat = tables.signal_places
    signal_places = dict(zip(network.signals.id.tolist(), zip(lon, lat, strict=True), strict=True))
    districts = Districts(signal_places, tables.link_ends)
    services = Services(
        state,
        hub,
        measures,
        tables,
        history,
        doors,
        access,
        commands,
        audit,
        privacy=privacy,
        store=history,
        devices=devices,
        desk=desk,
        dispatch=dispatch,
        parking=parking,
        journeys=journeys,
        rides=rides,
        experiments=(experiments := ExperimentOffice(settings.database.url, network, time.time)),
        districts=districts,
        certificates=None if (issued := settings.devices.certificates) is None else CertificateFolder(issued),
    )
    services.routing.classes = VehicleClasses(network, read_rules(settings.routing.rules_file))
    feed = BrokerFeed(settings.broker.url, state, measures, hub.changed)
    app = make_app(
        services,
        settings.map.tiles,
        (
            *(
                feed.run,
                hub.tell_status,
                history.run,
                commands.run,
                audit.run,
                privacy.desk.run,
                privacy.announcer.run,
                devices.run,
                partial(districts.keep, devices.records),
                dispatch.run,
                parking.run,
                journeys.run,
                partial(asyncio.to_thread, services.roads.warm_up),
                partial(asyncio.to_thread, services.routing.warm_up),
                rides.run,
                experiments.run,
                partial(run_desk, desk, hub),
            ),
            partial(run_access, access, settings),
        ),
        make_hosts(settings),
    )
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        # compression costs 12 ms a client and frame, and the frames are dense already
        ws_per_message_deflate=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=10.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=SHUTDOWN_S,
        server_header=False,
        access_log=False,
        log_config=None,
    )
    _Server(config).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise PortInUseError(host, port) from fault
    return listener


def main() -> int:
    """Run the process; one line and exit code 2 where it cannot start."""
    parser = argparse.ArgumentParser(prog="cloudctl.gateway", description="HTTP API, live feed and live map")
    parser.add_argument("--config", type=Path, required=True, help="settings file (TOML)")
    arguments = parser.parse_args()
    log = configure_logging("gateway")
    try:
        settings = read_settings(arguments.config)
        log.info("gateway starts", address=f"http://{settings.gateway.host}:{settings.gateway.port}/")
        serve(settings)
    except (CloudctlError, MapsError) as fault:
        print(f"cloudctl.gateway: {fault}", file=sys.stderr)  # noqa: T201  # the one line for the user
        return 2
    log.info("gateway ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
