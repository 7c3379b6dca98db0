"""A signal that runs its program as it should, told by the simulator's own SPAT and MAP, under the live checks."""

import json

from ingest.messages.decoding import decode
from ingest.messages.map_data import MapData
from ingest.messages.spat import Spat
from ingest.signal_checks import SignalChecks, SignalEvent
from maps.importers.sumo_program import LIGHTS
from maps.network import RoadNetwork
from simulators.rsu_map import map_nodes
from simulators.signal_controller import SignalController

START = 1_763_812_800.0
_LETTERS = {code: letter for letter, code in reversed(LIGHTS.items())}


def run_program(network: RoadNetwork, row: int, seconds: float, per_second: int = 10) -> list[SignalEvent]:
    """Play the program of the signal in a row from its first step; gives what the checks find."""
    checks, groups = SignalChecks(), int(network.signals.group_count[row])
    controller = SignalController(network, row, list(range(groups)))
    first, count = int(network.signals.program_start[row]), int(network.signals.program_count[row])
    nodes, found, step, ends = map_nodes(network, row), list[SignalEvent](), 0, START
    texts = [_text(network, first + place, groups) for place in range(count)]
    ends += float(network.program.duration[first])
    for tick in range(round(seconds * per_second)):
        now = START + tick / per_second
        while now >= ends:
            step = (step + 1) % count
            ends += float(network.program.duration[first + step])
        if tick % per_second == 0:
            message = {"msgCnt": tick // per_second % 128, "nodes": nodes}
            found += checks.take_map(0, decode(MapData, json.dumps(message).encode()), now)
            found += checks.tick(now)
        spat = decode(Spat, controller.spat(texts[step], ends, now, now))
        found += checks.take_spat(0, spat, now, now + 0.01)
    return found


def _text(network: RoadNetwork, step: int, groups: int) -> str:
    start = int(network.program.state_start[step])
    return "".join(_LETTERS[code] for code in network.program_states[start : start + groups].tolist())
