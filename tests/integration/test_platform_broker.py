"""The broker that comes with the platform: who may say and hear what, on Mosquitto and on its stand-in."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import pytest

from cloudctl import embedded_broker
from cloudctl.embedded_broker import EmbeddedBroker, free_port, prepare_broker
from cloudctl.errors import BrokerError, PortInUseError
from cloudctl.running import check_broker, without_password
from cloudctl.supervisor import Supervisor


@pytest.fixture(params=["mosquitto", "amqtt"])
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EmbeddedBroker]:
    if request.param == "amqtt":
        monkeypatch.setattr(embedded_broker, "find_mosquitto", lambda: None)
    prepared = prepare_broker(tmp_path / "broker", free_port(0))
    async with Supervisor() as supervisor:
        supervisor.start(prepared.process)
        await check_broker(prepared.url)
        yield prepared


def client(url: str) -> aiomqtt.Client:
    parts = urlsplit(url)
    return aiomqtt.Client(parts.hostname or "", parts.port or 0, username=parts.username, password=parts.password)


async def test_a_device_may_report_but_not_speak_for_the_platform(broker: EmbeddedBroker) -> None:
    async with client(broker.url) as platform, client(broker.device_url) as device:
        await platform.subscribe("V2X/#")
        forged = ("V2X/CLOUD/STATE/PARKING", "V2X/OBU/CAR1/ADVICE/DOWN", "V2X/RSU/R1/RSI/DOWN")
        for topic in (*forged, "V2X/CLOUD/COMMAND/deliver", "V2X/CLOUD/COMMAND/REPLY", "V2X/CLOUD/REGISTER/R1"):
            await device.publish(topic, b"forged")
        await device.publish("V2X/OBU/CAR1/BSM/UP", b"true")
        message = await asyncio.wait_for(anext(aiter(platform.messages)), 10)
    assert (str(message.topic), message.payload) == ("V2X/OBU/CAR1/BSM/UP", b"true")


async def test_a_device_hears_what_is_sent_to_devices_only(broker: EmbeddedBroker) -> None:
    async with client(broker.url) as platform, client(broker.device_url) as device:
        await device.subscribe("V2X/OBU/CAR1/ADVICE/DOWN")
        await platform.publish("V2X/OBU/CAR1/ADVICE/DOWN", b"advice")
        message = await asyncio.wait_for(anext(aiter(device.messages)), 10)
    assert message.payload == b"advice"


async def test_the_platforms_name_needs_its_password(broker: EmbeddedBroker) -> None:
    port = urlsplit(broker.url).port or 0
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", port, username="platform", password="guess"):
            pass


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=str(port)):
            prepare_broker(tmp_path, port)


async def test_a_broker_that_does_not_answer_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudctl.running.ANSWER_PATIENCE", 0.1)
    url = f"mqtt://platform:secret@127.0.0.1:{free_port(0)}"
    with pytest.raises(BrokerError) as caught:
        await check_broker(url)
    assert "secret" not in str(caught.value)
    assert without_password(url) in str(caught.value)
