"""Bring the whole platform up on one machine, and down again: broker, database, engine, archiver, gateway."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiomqtt
import httpx
import orjson
import psycopg

from cloudctl.compiled_code import VARIABLE, compiled_code_folder
from cloudctl.embedded_broker import AMQTT_DEVICE_RATE, EmbeddedBroker, check_port_free, prepare_broker
from cloudctl.errors import BrokerError, ConfigurationError, DatabaseError
from cloudctl.settings import Settings
from cloudctl.store.embedded import embedded_database
from cloudctl.supervisor import ProcessSpec, Supervisor
from ingest.broker_url import parse_broker_url

PROCESSES = ("engine", "archiver", "gateway")
ANSWER_PATIENCE = 5.0
"""How long we wait for a broker or a database that is configured, s."""


@dataclass(frozen=True)
class RunningPlatform:
    """A platform that has been started."""

    settings: Settings
    """With the addresses that are really in use."""
    device_url: str
    """Broker address for devices."""
    device_rate: float | None
    """Reports a second that the broker can carry of each device, None where it carries what devices send."""
    supervisor: Supervisor

    @property
    def address(self) -> str:
        """Address of the live map."""
        return f"http://{self.settings.gateway.host}:{self.settings.gateway.port}/"

    async def ready(self) -> bool:
        """Tell whether the gateway says that everything works."""
        try:
            async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                return (await client.get(f"{self.address}readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def running_platform(
    settings: Settings, *, notice: Callable[[str], None], log_dir: Path | None = None
) -> AsyncIterator[RunningPlatform]:
    """Start everything in order, and stop it in reverse order at the end.

    Raises:
        CloudctlError: a file is missing, a port is taken, the broker or the database does not answer.
    """
    for path in (settings.map.file, settings.map.tiles):
        if not path.is_file():
            raise ConfigurationError(path, "no such file; make it with: cloudctl map import")
    check_port_free(settings.gateway.host, settings.gateway.port)
    if settings.database.url:
        await check_database(settings.database.url)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with Supervisor() as supervisor:
        embedded = _start_broker(settings, supervisor, notice, log_dir)
        broker_url = embedded.url if embedded else settings.broker.url
        await check_broker(broker_url)
        with embedded_database(settings) as database_url:
            used = settings.model_copy(
                update={
                    "broker": settings.broker.model_copy(update={"url": broker_url}),
                    "database": settings.database.model_copy(update={"url": database_url}),
                }
            )
            _start_processes(used, supervisor, log_dir)
            try:
                device_url = embedded.device_url if embedded else broker_url
                device_rate = AMQTT_DEVICE_RATE if embedded and embedded.limits else None
                yield RunningPlatform(used, device_url, device_rate, supervisor)
            finally:  # before the database and the broker that they need
                for name in reversed(PROCESSES):
                    await supervisor.stop(name)


def _start_broker(
    settings: Settings, supervisor: Supervisor, notice: Callable[[str], None], log_dir: Path | None
) -> EmbeddedBroker | None:
    if settings.broker.url:
        return None
    log = log_dir / "broker.log" if log_dir else None
    broker = prepare_broker(settings.data_dir / "broker", settings.broker.port, log)
    if broker.limits:
        notice(broker.limits)
    supervisor.start(broker.process)
    return broker


def _start_processes(settings: Settings, supervisor: Supervisor, log_dir: Path | None) -> None:
    configuration = settings.data_dir / "running.json"
    configuration.touch(0o600)
    configuration.chmod(0o600)
    configuration.write_bytes(orjson.dumps(settings.model_dump(mode="json")))
    for name in PROCESSES:
        argv = [sys.executable, "-m", f"cloudctl.{name}", "--config", str(configuration)]
        log = log_dir / f"{name}.log" if log_dir else None
        supervisor.start(ProcessSpec(name, argv, {VARIABLE: str(compiled_code_folder())}, log))


async def check_broker(url: str) -> None:
    """Connect to the broker once, waiting a little for one that is just starting.

    Raises:
        BrokerError: it does not answer, or refuses us.
    """
    broker = parse_broker_url(url)
    until = asyncio.get_running_loop().time() + ANSWER_PATIENCE
    while True:
        try:
            async with aiomqtt.Client(
                broker.host, broker.port, username=broker.user, password=broker.password, timeout=2
            ):
                return
        except (aiomqtt.MqttError, socket.gaierror) as error:
            if asyncio.get_running_loop().time() > until:
                raise BrokerError(without_password(url), str(error)) from error
        await asyncio.sleep(0.1)


async def check_database(url: str) -> None:
    """Connect to the database once.

    Raises:
        DatabaseError: it does not answer, or refuses us.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(url, connect_timeout=int(ANSWER_PATIENCE))
    except psycopg.Error as error:
        raise DatabaseError(" ".join(str(error).split())) from error
    await connection.close()


def without_password(url: str) -> str:
    """Return the URL fit for a message to a person."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))
