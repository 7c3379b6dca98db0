"""Devices of a small world on a real broker: rates, answers, restarts, and recordings of it."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import msgspec
import orjson
from conftest import MosquittoBroker
from fleet_world import CirclingCity, make_context, network, wiring

from ingest.messages.bsm import BasicSafetyMessage
from ingest.messages.map_data import MapData
from ingest.messages.parking import ParkingStatus
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.spat import Spat
from simulators.commands import SetSpeed
from simulators.faults import FaultPlan
from simulators.fleet_client import Broker, DeviceClient
from simulators.fleet_loop import Fleet
from simulators.recording import read_recording
from simulators.truth import TruthWriter

CARS, EQUIPPED = 20, 8
Heard = list[tuple[str, bytes]]


@asynccontextmanager
async def running_fleet(fleet: Fleet, city: CirclingCity, report: Path | None = None) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(fleet.run(city, stop, report))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def listening(broker: MosquittoBroker, topics: str = "V2X/#") -> AsyncIterator[Heard]:
    heard: Heard = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            heard.append((str(message.topic), bytes(message.payload)))

    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(topics, qos=1)
        task = asyncio.create_task(listen(client))
        yield heard
        task.cancel()


async def until(condition: object, seconds: float = 20.0) -> None:
    """Wait until a function says yes."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


async def test_devices_speak_at_their_rates_and_are_understood(
    mosquitto_broker: MosquittoBroker, tmp_path: Path
) -> None:
    city = CirclingCity(CARS, EQUIPPED)
    context = make_context(mosquitto_broker.url, city)
    fleet = Fleet(context, wiring())
    report = tmp_path / "devices.json"
    async with listening(mosquitto_broker) as heard:
        with TruthWriter(tmp_path / "truth.csv.gz", network().plane, fleet.rsus.sites) as truth:
            fleet.truth = truth
            async with running_fleet(fleet, city, report):
                devices = len(network().signals.id) + len(network().car_parks.id) + EQUIPPED
                await until(lambda: fleet.rsus.online + fleet.parking.online + fleet.obus.online == devices)
                await asyncio.sleep(0.5)
                before, beats = len(heard), fleet.beats
                await asyncio.sleep(4.0)
                counted, beats = heard[before:], fleet.beats - beats
        told = orjson.loads(report.read_bytes())
        await until(lambda: len(heard) == told["sent_by_devices"])
    rounds = beats / 5  # each device speaks once in five beats, whatever the machine's load
    counts = Counter(topic.split("/")[-2] for topic, _ in counted)
    units = len(network().signals.id)
    assert abs(counts["BSM"] / (rounds * EQUIPPED) - 1) < 0.1
    assert abs(counts["RSM"] / (rounds * units) - 1) < 0.1
    assert abs(counts["SPAT"] / (rounds * units) - 1) < 0.1
    types = {
        "MAP": MapData,
        "BSM": BasicSafetyMessage,
        "RSM": RoadsideSafetyMessage,
        "SPAT": Spat,
        "STATUS": ParkingStatus,
    }
    for topic, payload in heard:
        expected = types.get(topic.split("/")[-2])
        if expected is not None:
            msgspec.json.decode(payload, type=expected)
    assert told["sent_by_devices"] == told["telemetry"]["sent"] + told["event"]["sent"]
    assert told["event"]["acknowledged"] == told["event"]["sent"]
    assert told["connections"] == {"opened": devices, "lost": 0, "failed": 0}
    assert told["online"] == {"rsu": 0, "obu": 0, "parking": 0}


async def test_events_survive_a_broker_restart(mosquitto_broker: MosquittoBroker) -> None:
    city = CirclingCity(1, 0)
    context = make_context(mosquitto_broker.url, city)
    client = DeviceClient(Broker.from_url(mosquitto_broker.url), "device", context.ledger, seed=1)
    client.start()
    await until(lambda: client.connected)
    client.send_event("parking_status", "V2X/PARKING/P1/STATUS/UP", b"before")
    await until(lambda: client.unacknowledged == 0)
    await asyncio.to_thread(mosquitto_broker.kill)
    for number in range(30):
        client.send_event("parking_status", "V2X/PARKING/P1/STATUS/UP", b"%d" % number)
        client.send("obu_bsm", "V2X/OBU/X/BSM/UP", b"lost")
        await asyncio.sleep(0.01)
    assert client.unacknowledged == 30
    await asyncio.to_thread(mosquitto_broker.start)
    async with listening(mosquitto_broker) as heard:
        await until(lambda: client.unacknowledged == 0)
        await until(lambda: len(heard) >= 30)
    await client.stop()
    assert {payload for _, payload in heard} == {b"%d" % number for number in range(30)}
    report = context.ledger.report(0.0)
    assert report["event"] == {"sent": 31, "acknowledged": 31}
    assert report["telemetry"] == {"sent": 0, "shed": 30}


async def test_a_vehicle_follows_advice_and_answers(mosquitto_broker: MosquittoBroker) -> None:
    city = CirclingCity(2, 2)
    fleet = Fleet(make_context(mosquitto_broker.url, city), wiring())
    advice = {
        "id": "a1", "kind": "glosa", "target": "obu:CAR00001", "created": 0, "valid_until": 9e9, "reason": "",
        "reason_code": "", "lon": 0, "lat": 0, "content": {"speed_mps": 9.0, "green_end": 9e9}, "replaces": None,
    }  # fmt: skip
    async with listening(mosquitto_broker, "V2X/OBU/+/ADVICE/DOWN/ACK") as heard, running_fleet(fleet, city):
        await until(lambda: fleet.obus.online == 2)
        await asyncio.sleep(0.2)
        async with aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as platform:
            await platform.publish("V2X/OBU/CAR00001/ADVICE/DOWN", orjson.dumps(advice), qos=1)
            await until(lambda: heard)
    assert heard == [("V2X/OBU/CAR00001/ADVICE/DOWN/ACK", b'{"id":"a1","status":"accepted"}')]
    assert city.orders == [SetSpeed("v0", 9.0)]


async def test_switched_on_faults_reach_the_broker_and_are_counted(mosquitto_broker: MosquittoBroker) -> None:
    city = CirclingCity(10, 5)
    context = make_context(mosquitto_broker.url, city, plan=FaultPlan(malformed=0.2, duplicated=0.2))
    fleet = Fleet(context, wiring())
    async with listening(mosquitto_broker, "V2X/OBU/+/BSM/UP") as heard, running_fleet(fleet, city):
        await until(lambda: len(heard) > 200)
    broken = sum(not payload.endswith(b"}}") for _, payload in heard)
    assert 0.1 < broken / len(heard) < 0.3
    faults = context.ledger.report(0.0)["faults"]
    assert isinstance(faults, dict)
    assert set(faults) == {"malformed", "duplicated"}


async def test_a_recording_replayed_is_the_same_recording(mosquitto_broker: MosquittoBroker, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl.gz", tmp_path / "second.jsonl"
    said = [(f"V2X/OBU/X/{kind}/UP", b'{"msgCnt":%d,"secMark":5}' % n) for n in range(20) for kind in ("BSM", "VIR")]
    said.append(("V2X.RSU.BSM.UP", b"\x00\xff\x10"))
    async with recording(mosquitto_broker, first), aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as device:
        for topic, payload in said:
            await device.publish(topic, payload, qos=1)
    assert [(each.topic, each.payload) for each in read_recording(first)] == said
    async with recording(mosquitto_broker, second):
        argv = [sys.executable, "-m", "simulators.replay", str(first), "--broker", mosquitto_broker.url]
        await asyncio.to_thread(
            subprocess.run, [*argv, "--as-recorded", "--speed", "10"], check=True, capture_output=True
        )
    # The broker keeps the order within a quality of service only.
    assert sorted((each.topic, each.payload) for each in read_recording(second)) == sorted(said)


@asynccontextmanager
async def recording(broker: MosquittoBroker, path: Path) -> AsyncIterator[None]:
    """Run the recorder as users do; on leaving, end it in order."""
    argv = [sys.executable, "-m", "simulators.recording", "--broker", broker.url, "--out", str(path)]
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    assert await process.stderr.readline() == b"recording #\n"
    yield
    process.terminate()
    await process.communicate()
    assert process.returncode == 0
