"""A device that sends ten per cent rubbish costs the others nothing, and the reasons add up to what it sent."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import aiomqtt
from conftest import MosquittoBroker
from ingest_samples import bsm, new_pipeline, participant, raw, rsm

from ingest.errors import RefusalReason
from ingest.telemetry_receiver import TelemetryReceiver
from ingest.verdicts import Refused, refusal_ack

MESSAGES = 3000
GOOD_DEVICES = 9
SHARE = 0.1

Json = dict[str, Any]


def without(message: Json, name: str) -> Json:
    return {key: value for key, value in message.items() if key != name}


FAULTS: dict[RefusalReason, Callable[[Json], bytes]] = {
    RefusalReason.NOT_JSON: lambda message: raw(message)[:-9],
    RefusalReason.MISSING_FIELD: lambda message: raw(without(message, "refPos")),
    RefusalReason.OUT_OF_RANGE: lambda message: raw(message | {"msgCnt": 128}),
    RefusalReason.WRONG_TYPE: lambda message: raw(message | {"msgCnt": "7"}),
    RefusalReason.POSITION_OUTSIDE: lambda message: raw(message | {"refPos": {"lat": 0, "long": 0}}),
    RefusalReason.TOO_LARGE: lambda message: raw(message) + b" " * 300_000,
}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60.0):
        while not condition():
            await asyncio.sleep(0.01)


async def test_rubbish_of_one_device_costs_the_others_nothing(mosquitto_broker: MosquittoBroker) -> None:
    draw, pipeline, start = random.Random(5), new_pipeline(), time.time()
    sent: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    numbers = {device: count() for device in range(GOOD_DEVICES)}
    async with (
        TelemetryReceiver(mosquitto_broker.url, client_id="bad-neighbour") as receiver,
        aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as client,
    ):
        await until(lambda: receiver.connected)
        for number in range(MESSAGES):
            for device, numbering in numbers.items():
                if number % GOOD_DEVICES == device:
                    good = bsm(start + 0.001 * number, msgCnt=next(numbering) % 128, id=f"GOOD{device:04d}")
                    await client.publish(f"V2X/OBU/GOOD{device:04d}/BSM/UP", raw(good), 0)
            message = rsm(participant(start), time=start + 0.001 * number, msgCnt=number % 128, id="BAD00001")
            fault = draw.choice(list(FAULTS)) if draw.random() < SHARE else None
            sent["good" if fault is None else fault.value] += 1
            await client.publish(
                "V2X/RSU/BAD00001/RSM/UP", raw(message) if fault is None else FAULTS[fault](message), 0
            )
            if number % 100 == 0:
                await asyncio.sleep(0)
        taken = 0
        while taken < 2 * MESSAGES:
            await until(lambda: len(receiver) > 0)
            for message_in in receiver.take(500):
                verdict = pipeline.accept(message_in.topic, message_in.payload, message_in.received)
                taken += 1
                if isinstance(verdict, Refused):
                    reply = refusal_ack(message_in.topic, verdict)
                    assert reply is not None
                    answers[json.loads(reply[1])["reason"]] += 1
    now = time.time()
    reports = {report.device.id: report for report in pipeline.report_devices(now)}
    for device in range(GOOD_DEVICES):
        good_report = reports[f"GOOD{device:04d}"]
        assert (good_report.refused, good_report.missing, good_report.shed) == ({}, 0, 0)
    assert pipeline.counters.accepted["obu_bsm"] == MESSAGES
    faults = {name: number for name, number in sent.items() if name != "good"}
    assert sum(faults.values()) > 0.05 * MESSAGES
    assert reports["BAD00001"].refused == faults == dict(pipeline.counters.refused) == dict(answers)
    assert pipeline.counters.accepted["rsu_rsm"] == sent["good"]
    assert pipeline.counters.received["rsu_rsm"] == MESSAGES
    assert len(pipeline.take_observations(now)) == MESSAGES + sent["good"]
