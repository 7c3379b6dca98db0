"""The broker's address, `mqtt://user:password@host:port`, as its parts."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ingest.errors import BrokerUrlError

MQTT_PORT = 1883


@dataclass(frozen=True)
class BrokerUrl:
    """Where the broker is and who we are there."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"BrokerUrl({str(self)!r})"


def parse_broker_url(url: str) -> BrokerUrl:
    """Take the address apart; BrokerUrlError says what is wrong. The port is 1883 where none is given."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerUrlError(_masked(url), str(error)) from None
    if parts.scheme != "mqtt":
        raise BrokerUrlError(_masked(url), f"scheme {parts.scheme!r} is not mqtt")
    if not parts.hostname:
        raise BrokerUrlError(_masked(url), "no host")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BrokerUrlError(_masked(url), "nothing may follow the port")
    if port == 0:
        raise BrokerUrlError(_masked(url), "port 0")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return BrokerUrl(parts.hostname, port or MQTT_PORT, user or None, password)


def _masked(url: str) -> str:
    """Hide the password: the address goes to logs."""
    head, at, tail = url.rpartition("@")
    user, colon, _ = head.rpartition(":")
    return f"{user}:***@{tail}" if at and colon and "//" in user else url
