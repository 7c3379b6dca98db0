"""UPER, the gateway envelope and dialects come through a real Mosquitto by the filters that the receivers ask for."""

import asyncio
from collections.abc import Callable

import aiomqtt
from conftest import MosquittoBroker
from ingest_samples import NOON, new_pipeline, raw

from ingest.asyncapi import example_of, uper_example
from ingest.asyncapi_examples import EXAMPLES
from ingest.broker import TelemetryReceiver
from ingest.envelope import Envelope, seal_envelope
from ingest.messages.decoding import decode
from ingest.messages.rsm import RoadsideSafetyMessage
from ingest.messages.uper_form import to_frame
from ingest.streams import BY_NAME
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from ingest.verdicts import Accepted

DEGREES = {"lat": 28.2281611, "lon": 112.9385943, "ele": 520}
PERSON = {"ptcType": "1", "ptcId": 3, "source": 7, "secMark": 0, "pos": DEGREES, "speed": 1, "heading": 0}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20.0):
        while not condition():
            await asyncio.sleep(0.01)


async def test_every_writing_arrives_and_is_understood(mosquitto_broker: MosquittoBroker) -> None:
    rsm = uper_example(BY_NAME["rsu_rsm"])
    other = to_frame(decode(RoadsideSafetyMessage, raw(EXAMPLES["rsm"] | {"id": "RSU00002"})))
    sent = {
        "V2X/RSU/R1/RSM/UP/UPER": rsm,
        "V2X.RSU.RSM.UP": seal_envelope(
            Envelope("R2", round(NOON * 1000), (codec_for(Profile.V4).encode(other),)), bundle=False
        ),
        "V2X/RADAR/R3/TRACK/UP": raw(example_of(BY_NAME["radar_track"]) or {}),
        "v2x/v1/rsu/R4/rsm/up": raw({"rsms": [{"refPos": DEGREES, "participants": [PERSON]}]}),
    }
    pipeline = new_pipeline()
    async with TelemetryReceiver(mosquitto_broker.url, client_id="t", clock=lambda: NOON) as receiver:
        await until(lambda: receiver.connected)
        async with aiomqtt.Client("127.0.0.1", mosquitto_broker.port) as client:
            for topic, payload in sent.items():
                await client.publish(topic, payload, 0)
        await until(lambda: len(receiver) == len(sent))
        for message in receiver.take():
            verdict = pipeline.accept(message.topic, message.payload, message.received)
            assert isinstance(verdict, Accepted), verdict
    batch = pipeline.take_observations(NOON)
    assert {pipeline.registry.get(row).id for row in batch.device.tolist()} == {"R1", "R2", "R3", "R4"}
