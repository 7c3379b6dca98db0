"""All devices of the simulated city: start the city beside them and let them speak to a broker.

    python -m simulators.fleet --broker URL --city DIR --map FILE [--report FILE] [--truth FILE] [--seconds N]

Ends with exit 0 on SIGTERM, SIGINT or after `--seconds`, when every device has disconnected.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import uvloop

from maps.errors import MapsError
from maps.network_file import open_network
from simulators.city_link import CityConfig, CityLink
from simulators.commands import Command
from simulators.device_report import Ledger
from simulators.errors import CityStoppedError, SimulatorsError
from simulators.faults import FaultPlan, Faults
from simulators.fleet_client import Broker
from simulators.fleet_context import FleetContext
from simulators.fleet_levels import LEVELS
from simulators.fleet_loop import RATE, Fleet
from simulators.prepare_city import open_city
from simulators.signal_controller_wiring import links_of_groups
from simulators.timetable import read_services, write_timetable
from simulators.truth import TruthWriter


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulators.fleet", description="The devices of the simulated city.")
    parser.add_argument("--broker", required=True, help="mqtt://user:password@host:port")
    parser.add_argument("--city", type=Path, required=True, help="folder of the built city")
    parser.add_argument("--map", type=Path, required=True, help="road network made from it by `cloudctl map import`")
    parser.add_argument("--report", type=Path, help="the devices' account, JSON, written every second")
    parser.add_argument("--truth", type=Path, help="what really happened: .csv, .csv.gz or .parquet")
    parser.add_argument("--timetable", type=Path, help="GTFS zip file of the bus lines to write at the start")
    parser.add_argument("--seconds", type=float, help="end after so many seconds")
    parser.add_argument("--seed", type=int, default=1, help="of all random numbers (default %(default)s)")
    parser.add_argument("--level", choices=sorted(LEVELS), default="good", help="sensor errors (default %(default)s)")
    parser.add_argument("--rate", type=float, default=RATE, help="reports of a device, 1/s (default %(default)s)")
    parser.add_argument("--range", type=float, default=150.0, help="of roadside sensors, m (default %(default)s)")
    parser.add_argument("--compliance", type=float, default=0.8, help="share of drivers that follow advice")
    parser.add_argument(
        "--controllable", type=int, default=1, help="signals that take stages from the platform (default %(default)s)"
    )
    parser.add_argument("--api", default="", help="gateway that takes requests for buses on demand, http://host:port")
    parser.add_argument("--stage-incidents", action="store_true", help="with every kind of incident, one after another")
    parser.add_argument("--no-incident", action="store_true", help="without the breakdown that blocks a lane")
    faults = parser.add_argument_group("faults, as shares of messages or devices")
    for name in ("malformed", "duplicated", "swapped", "clock-off-devices", "silent-devices"):
        faults.add_argument(f"--{name}", type=float, default=0.0)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the fleet."""
    options = _parser().parse_args(arguments)
    try:
        uvloop.run(_run(options))
    except (OSError, ValueError, MapsError, SimulatorsError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


async def _run(options: argparse.Namespace) -> None:
    stop = _stop_on_signals()
    broker = Broker.from_url(options.broker)
    network = open_network(options.map)
    files = open_city(options.city)
    links = links_of_groups(network, files.net)
    with CityLink(CityConfig(files, network, incident=not options.no_incident, staged=options.stage_incidents)) as city:
        context = FleetContext(
            broker=broker,
            network=network,
            ledger=(ledger := Ledger(time.time())),
            faults=Faults(_plan(options), options.seed + 1, ledger),
            level=LEVELS[options.level],
            rng=np.random.default_rng(options.seed),
            seed=options.seed,
            compliance=options.compliance,
            reach=options.range,
            controllable=options.controllable,
            order=partial(_order, city),
            now=time.time,
        )
        frame = await asyncio.to_thread(city.wait_ready)
        if options.timetable is not None:
            origin = frame.time - frame.step - files.begin
            write_timetable(options.timetable, read_services(files.services), network, origin)
        await _serve(options, Fleet(context, links, options.rate, options.api), city, stop)


def _order(city: CityLink, command: Command) -> None:
    with contextlib.suppress(CityStoppedError):  # the loop notices within a second
        city.send(command)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _serve(options: argparse.Namespace, fleet: Fleet, city: CityLink, stop: asyncio.Event) -> None:
    if options.seconds is not None:
        asyncio.get_running_loop().call_later(options.seconds, stop.set)
    with contextlib.ExitStack() as stack:
        if options.truth is not None:
            fleet.truth = stack.enter_context(TruthWriter(options.truth, fleet.network.plane, fleet.rsus.sites))
        await fleet.run(city, stop, options.report)
    if not stop.is_set():
        raise CityStoppedError("the city has ended")


def _plan(options: argparse.Namespace) -> FaultPlan:
    return FaultPlan(
        malformed=options.malformed,
        duplicated=options.duplicated,
        swapped=options.swapped,
        clock_off_devices=options.clock_off_devices,
        silent_devices=options.silent_devices,
    )


if __name__ == "__main__":
    raise SystemExit(main())
