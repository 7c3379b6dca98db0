"""The production configuration of the broker in a real Mosquitto: TLS, passwords, and each device under its own id."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import free_port
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

DEPLOY = Path(__file__).parents[2] / "deploy" / "mosquitto"
PATIENCE = 10.0


class Signed:
    """A client that is signed in, and what it hears."""

    def __init__(self, user: str, password: str, port: int, authority: Path | None = None) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.refused = ""
        self.client = Client(CallbackAPIVersion.VERSION2, f"test-{user}")
        self.client.username_pw_set(user, password)
        if authority is not None:
            self.client.tls_set(str(authority), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.on_connect = self._connected
        self.client.on_message = self._hear
        self.client.connect("localhost", port)
        self.client.loop_start()
        until(lambda: self.client.is_connected() or bool(self.refused))

    def _connected(self, client: Client, _: object, __: object, reason: object, ___: object) -> None:
        if str(reason) != "Success":
            self.refused = str(reason)
        else:
            client.subscribe("#", 1)

    def _hear(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def say(self, topic: str, payload: str) -> None:
        self.client.publish(topic, payload, 1).wait_for_publish(PATIENCE)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def until(arrived: object) -> None:
    end = time.monotonic() + PATIENCE
    while not (callable(arrived) and arrived()):
        assert time.monotonic() < end, "not arrived"
        time.sleep(0.02)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[int, int, Path]]:
    """Ports without and with TLS, and the certificate of the authority."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    tool, openssl = shutil.which("mosquitto_passwd"), shutil.which("openssl")
    if program is None or tool is None or openssl is None:
        pytest.skip("mosquitto or openssl is not installed")
    key, certificate, passwords = tmp_path / "key", tmp_path / "certificate", tmp_path / "passwords"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    made = (openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *subject)
    subprocess.run([*made, "-keyout", key, "-out", certificate, "-days", "2"], check=True, capture_output=True)
    passwords.touch(0o600)
    for user in ("platform", "monitor", "RSU00001", "RSU00002", "CAR00001"):
        subprocess.run([tool, "-b", passwords, user, f"of-{user}"], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    text = (DEPLOY / "mosquitto.conf").read_text("utf-8")
    for old, new in (
        ("/run/secrets/mosquitto_passwords", str(passwords)),
        ("/mosquitto/config/access", str(DEPLOY / "access")),
        ("/run/secrets/broker_ca", str(certificate)),
        ("/run/secrets/broker_certificate", str(certificate)),
        ("/run/secrets/broker_key", str(key)),
        ("/mosquitto/data/", f"{tmp_path}/"),
        ("listener 8883", f"user root\nlistener {secure} 127.0.0.1"),
        ("listener 1883", f"listener {plain} 127.0.0.1"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "mosquitto.conf").write_text(text, "utf-8")
    with subprocess.Popen([program, "-c", tmp_path / "mosquitto.conf"], stdout=subprocess.DEVNULL) as process:
        try:
            yield plain, secure, certificate
        finally:
            process.terminate()


def signed(user: str, port: int, authority: Path | None = None, *, password: str | None = None) -> Signed:
    """Sign in, waiting for a broker that is just starting."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(ConnectionRefusedError):
            return Signed(user, password or f"of-{user}", port, authority)
        time.sleep(0.05)
    raise AssertionError("the broker does not listen")


def test_each_device_writes_and_hears_what_is_its_own_over_tls(broker: tuple[int, int, Path]) -> None:
    plain, secure, authority = broker
    platform = signed("platform", plain)
    unit, other = signed("RSU00001", secure, authority), signed("RSU00002", secure, authority)
    car, monitor = signed("CAR00001", secure, authority), signed("monitor", plain)
    try:
        for topic in (
            *("V2X/RSU/RSU00001/RSM/UP", "V2X/RSU/RSU00002/RSM/UP", "V2X/OBU/CAR00001/BSM/UP", "V2X/RSU/HB/UP"),
            *("V2X/CLOUD/COMMAND/config", "V2X/RSU/RSU00001/RSI/DOWN", "other"),
        ):
            unit.say(topic, "of the unit")
        car.say("V2X/OBU/CAR00001/VIR/UP", "of the car")
        for device in ("RSU00001", "RSU00002"):
            platform.say(f"V2X/RSU/{device}/MAP/DOWN", device)
            platform.say(f"V2X.RSU.MAP.{device}.DOWN", device)
        platform.say("V2X/OBU/CAR00001/ADVICE/DOWN", "advice")
        platform.say("V2X/CLOUD/HEALTH/engine", "health")
        until(lambda: monitor.heard and len(unit.heard) >= 2 and len(other.heard) >= 2 and car.heard)
        from_unit = {topic for topic, payload in platform.heard if payload == b"of the unit"}
        assert from_unit == {"V2X/RSU/RSU00001/RSM/UP", "V2X/RSU/HB/UP"}
        assert ("V2X/OBU/CAR00001/VIR/UP", b"of the car") in platform.heard
        for name, who in (("RSU00001", unit), ("RSU00002", other)):
            assert {topic for topic, _ in who.heard} == {f"V2X/RSU/{name}/MAP/DOWN", f"V2X.RSU.MAP.{name}.DOWN"}
        assert {topic for topic, _ in car.heard} == {"V2X/OBU/CAR00001/ADVICE/DOWN"}
        assert {topic for topic, _ in monitor.heard if not topic.startswith("$SYS")} == {"V2X/CLOUD/HEALTH/engine"}
    finally:
        for client in (platform, unit, other, car, monitor):
            client.close()


def test_nobody_gets_in_without_the_right_password(broker: tuple[int, int, Path]) -> None:
    plain, _, _ = broker
    stranger = signed("platform", plain, password="guessed")  # a wrong one
    try:
        assert stranger.refused == "Not authorized"
    finally:
        stranger.close()
