"""The whole engine with one controller that takes stages: from INFO and SPAT to commands, and from answers on."""

import msgspec
from advice_city import NOW
from engine_messages import raw
from live_signals_city import STATES, network

from cloudctl.engine.core import EngineCore
from cloudctl.publish.outgoing import Outgoing
from cloudctl.settings import EngineSettings
from cloudctl.signals.live.state import SignalsState
from ingest.messages.rsc import RoadsideCoordination

UNIT = "RSU00001"
DOWN = f"V2X/RSU/{UNIT}/RSC/DOWN"
LIGHTS = {6: "protected-green", 7: "yellow", 3: "red"}


def stamp(now: float) -> dict[str, object]:
    return {"timeStamp": round(now * 1000) % 60_000, "timestamp": round(now * 1000)}


def spat(row: int, now: float) -> dict[str, object]:
    """SPAT of a controller that does not know when its lights change."""
    counting = {"startTime": 0, "likelyEndTime": 36_001, "timeConfidence": 160}
    states = [
        {"id": place + 1, "phaseStates": [{"light": LIGHTS[code], "timing": {"counting": counting}}]}
        for place, code in enumerate(STATES[row])
    ]
    key = {"region": 1, "id": 100}
    one = {"intersectionId": key, "status": "0000010000000000", **stamp(now), "phases": states}
    return {"msgCnt": round(now * 10) % 128, **stamp(now), "intersections": [one]}


class City:
    """A unit at the junction that sees an empty road, and a controller that answers every command."""

    def __init__(self, mode: str) -> None:
        settings = EngineSettings.model_validate({"signal_control": mode})
        self.core = EngineCore(network(), settings, epoch=7)
        self.lon, self.lat = (float(each) for each in network().plane.inverse(500.0, 0.0))
        info = {
            "rsuEsn": UNIT, "location": {"lon": self.lon, "lat": self.lat}, "region": 1, "nodeId": 100,
            "coverageRadius": 200.0, "signalControl": "stages", "timestamp": round(NOW * 1000),
        }  # fmt: skip
        self.core.accept([raw("V2X/RSU/INFO/UP", info, NOW)])
        self.tick, self.out = 0, list[Outgoing]()

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick += 1
            now = NOW + 0.1 * self.tick
            rsm = {
                "msgCnt": self.tick % 128, "id": UNIT, "timestamp": round(now * 1000), "participants": [],
                "refPos": {"lat": round(self.lat * 1e7), "long": round(self.lon * 1e7), "elevation": 0},
            }  # fmt: skip
            told = [(f"V2X/RSU/{UNIT}/RSM/UP", rsm), (f"V2X/RSU/{UNIT}/SPAT/UP", spat(0, now))]
            self.out += self.core.accept([raw(topic, message, now) for topic, message in told])
            fresh = self.core.beat(now, lambda now=now: now + 0.02).messages  # type: ignore[misc]  # bound at once
            self.out += fresh
            answers = [msgspec.json.decode(each.payload)["seqNum"] for each in fresh if each.topic == DOWN]
            acks = [raw(f"{DOWN}/ACK", {"seqNum": key, "errorCode": 0, "errorDesc": "stage 1"}, now) for key in answers]
            self.core.accept(acks)

    def commands(self) -> list[RoadsideCoordination]:
        return [msgspec.json.decode(each.payload, type=RoadsideCoordination) for each in self.out if each.topic == DOWN]

    def state(self) -> SignalsState:
        told = [each for each in self.out if each.topic == "V2X/CLOUD/STATE/SIGNALS"]
        return msgspec.json.decode(told[-1].payload, type=SignalsState)


def test_a_controller_that_announces_stages_is_commanded_and_shown_as_executing() -> None:
    city = City("execute")
    city.run(50)
    commands = city.commands()
    assert 3 <= len(commands) <= 6
    assert all(each.signal_control is not None for each in commands)
    (control,) = city.state().control
    assert (control.signal, control.unit, control.status) == ("SB", UNIT, "executing")
    (advice,) = city.state().recommendations
    assert advice.coverage == 1.0
    assert advice.stage == 0


def test_without_leave_of_the_settings_it_is_recommended_to_only() -> None:
    city = City("recommend")
    city.run(30)
    assert city.commands() == []
    assert [each.status for each in city.state().control] == ["offered"]
    assert city.state().recommendations[0].stage == 0
