"""The broker that comes with the platform: Mosquitto where it is installed, amqtt otherwise.

It listens on the loopback address alone. Devices need no password there but may only write what devices write and read
what is sent to them; the platform has a password of its own, drawn at random at every start.
"""

import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cloudctl.errors import BrokerError, PortInUseError
from cloudctl.supervisor import ProcessSpec
from ingest.topics import uplinks

HOST = "127.0.0.1"
PLATFORM_USER = "platform"
PASSWORD_VARIABLE = "V2X_EMBEDDED_BROKER_PASSWORD"  # noqa: S105  # the name of the variable, no secret
AMQTT_DEVICE_RATE = 4.0
"""Reports a second of each simulated device that amqtt can carry in the demo city."""
AMQTT_LIMITS = (
    "Mosquitto is not installed, the amqtt broker takes its place: it carries about 1,500 messages a second "
    "and may lose messages and events, under load and when a process crashes. "
    "Install Mosquitto for anything but a look around."
)
DEVICE_WRITES = tuple(sorted({uplink.subscription for uplink in uplinks()}))
DEVICE_READS = ("V2X/RSU/+/+/DOWN", "V2X/OBU/+/+/DOWN", *(f"{topic}/ACK" for topic in DEVICE_WRITES))


@dataclass(frozen=True)
class EmbeddedBroker:
    """A broker that is ready to be started."""

    process: ProcessSpec
    url: str
    """With the platform's user and password."""
    device_url: str
    limits: str | None
    """What this broker cannot promise, one sentence, None where it can."""


def prepare_broker(folder: Path, port: int, log: Path | None = None) -> EmbeddedBroker:
    """Write the broker's files into `folder` and say how to start it.

    Raises:
        PortInUseError: the port is taken.
        BrokerError: the broker's own tools refuse.
    """
    check_port_free(HOST, port)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = secrets.token_urlsafe(24)
    mosquitto = find_mosquitto()
    if mosquitto:
        process = ProcessSpec("broker", _mosquitto(mosquitto, folder, port, password), log=log)
    else:
        argv = [sys.executable, "-m", "cloudctl.amqtt_broker", str(port)]
        process = ProcessSpec("broker", argv, {PASSWORD_VARIABLE: password}, log)
    return EmbeddedBroker(
        process=process,
        url=f"mqtt://{PLATFORM_USER}:{password}@{HOST}:{port}",
        device_url=f"mqtt://{HOST}:{port}",
        limits=None if mosquitto else AMQTT_LIMITS,
    )


def find_mosquitto() -> str | None:
    """Return the path of Mosquitto's executable; Debian keeps it outside an ordinary user's PATH."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def check_port_free(host: str, port: int) -> None:
    """Try to listen on a port.

    Raises:
        PortInUseError: somebody else does.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(host, port) from error


def free_port(preferred: int) -> int:
    """Return `preferred` where it is free on the loopback address, else any free port.

    Those are looked for below the ports that systems give to outgoing connections, so that none of these takes the port
    before its owner listens there.
    """
    wanted = [preferred] if preferred else []
    for port in (*wanted, *random.sample(range(20_000, 32_000), 20), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PortInUseError(HOST, preferred)


def _mosquitto(executable: str, folder: Path, port: int, password: str) -> list[str]:
    owner = _service_account(folder)
    passwords, rules, configuration = folder / "passwords", folder / "rules", folder / "mosquitto.conf"
    passwords.unlink(missing_ok=True)
    passwords.touch(0o600)
    tool = str(Path(executable).with_name("mosquitto_passwd"))
    tool = tool if Path(tool).exists() else "mosquitto_passwd"
    made = subprocess.run([tool, "-b", passwords, PLATFORM_USER, password], capture_output=True, text=True, check=False)
    if made.returncode:
        raise BrokerError(f"mqtt://{HOST}:{port}", made.stderr.strip())
    writes, reads = (
        "".join(f"topic {verb} {topic}\n" for topic in topics)
        for verb, topics in (("write", DEVICE_WRITES), ("read", DEVICE_READS))
    )
    rules.write_text(f"{writes}{reads}\nuser {PLATFORM_USER}\ntopic readwrite #\n", "utf-8")
    template = Path(__file__).with_name("embedded_mosquitto.conf").read_text("utf-8")
    configuration.write_text(template.format(host=HOST, port=port, owner=owner, folder=folder), "utf-8")
    for path in (folder, passwords, rules, configuration):
        path.chmod(0o700 if path is folder else 0o600)
        if os.geteuid() == 0:
            shutil.chown(path, owner)
    return [executable, "-c", str(configuration)]


def _service_account(folder: Path) -> str:
    """Return the least privileged account that can work in `folder`."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    reachable = all(parent.stat().st_mode & 0o001 for parent in folder.absolute().parents)
    known = any(entry.pw_name == "mosquitto" for entry in pwd.getpwall())
    return "mosquitto" if reachable and known else "root"
