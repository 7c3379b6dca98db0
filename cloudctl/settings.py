"""Settings of the platform: one TOML file, each value overridable by an environment variable.

`V2X_GATEWAY__PORT=8080` overrides `port` in the table `[gateway]`. Secrets (the passwords within the URLs of broker and
database) belong in the environment or in a file that only the service account can read.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cloudctl.errors import ConfigurationError

Port = Annotated[int, Field(ge=1, le=65535)]
Rate = Annotated[float, Field(gt=0, le=50)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerSettings(_Section):
    """Where the MQTT broker is."""

    url: str = ""
    """mqtt://[user:password@]host[:port]; empty starts a broker on this machine that only this machine can reach."""
    port: Port = 1883
    """Port of the broker that we start."""


class DatabaseSettings(_Section):
    """Where PostgreSQL or TimescaleDB is."""

    url: str = ""
    """libpq URL; empty starts the embedded PostgreSQL under `data_dir`."""


class MapSettings(_Section):
    """The road network."""

    file: Path
    """Network saved by `cloudctl map import`."""
    tiles: Path
    """Base map written beside it (PMTiles)."""


class EngineSettings(_Section):
    """How often the engine does what."""

    cycle_hz: Rate = 20.0
    """Twice as often as devices report: a report waits for the next cycle for 50 ms at most."""
    live_hz: Rate = 5.0
    trajectory_hz: Rate = 5.0
    signal_control: Literal["recommend", "execute"] = "recommend"
    """execute: controllers that say that they take stages are commanded; recommend: none is."""


Four = tuple[float, float, float, float]


class TrafficSettings(_Section):
    """Bounds of the five classes of the level of service (GB/T 33171 and local rules), each from free to severe."""

    expressway_kmh: Four = (65.0, 50.0, 35.0, 20.0)
    arterial_kmh: Four = (40.0, 30.0, 20.0, 15.0)
    minor_kmh: Four = (35.0, 25.0, 15.0, 10.0)
    """Mean speeds above which a link has one of the first four classes, by road class."""
    share_of_limit: Four = (0.7, 0.5, 0.35, 0.25)
    """Shares of the speed limit that take their place where the limit is low."""
    control_delay_s: Four = (20.0, 35.0, 55.0, 80.0)
    """Control delays up to which a movement or an intersection has one of the first four classes."""
    level_window_s: Annotated[float, Field(ge=10, le=3600)] = 120.0
    """Time constant of the speed that gives the class of a link."""


class ArchiverSettings(_Section):
    """Limits of the archiver."""

    spool_bytes: Annotated[int, Field(ge=1 << 20)] = 4 << 30


class TransitSettings(_Section):
    """The bus network."""

    timetable: Path | None = None
    """GTFS Schedule zip file or folder; read when it appears and again when it changes."""


class ParkingSettings(_Section):
    """Car parks and kerb sections."""

    register_file: Path | None = None
    """GeoJSON file of lots that are not, or otherwise, on the map; lots entered over HTTP take their place."""


class RoutingSettings(_Section):
    """Ways by class of vehicle."""

    rules_file: Path | None = None
    """JSON file of classes with their sizes, closed zones and hours, see `cloudctl.routing.vehicle_classes`."""


class GatewaySettings(_Section):
    """Where the live map and the API listen."""

    host: str = "127.0.0.1"
    port: Port = 8765


class ProviderSettings(_Section):
    """An OpenID provider that people sign in through."""

    issuer: str
    """Its issuer identifier; everything else is discovered."""
    client_id: str
    client_secret: str = ""
    """Empty for a public client, which PKCE alone protects."""
    label: str = "单点登录 Single sign-on"
    """What the button says."""
    scopes: tuple[str, ...] = ("openid", "profile")
    roles_claim: str = "groups"
    """Claim of the ID token that names groups; a dot goes into nested objects."""
    roles: dict[str, tuple[str, ...]] = {}
    """Group to roles."""
    organisation_claim: str = ""
    districts_claim: str = ""
    lines_claim: str = ""
    """Claims for organisation, districts and bus lines; empty leaves the defaults."""


class AccessSettings(_Section):
    """Who gets in."""

    mode: Literal["accounts", "open"] = "accounts"
    """open lets every visitor in as the demo's actor; only on a loopback address."""
    address: str = ""
    """Address of the live map as people type it (https://v2x.example.cn/) where a TLS proxy stands before us."""
    hosts: tuple[str, ...] = ()
    """Further host names under which the gateway may be asked for; addresses in digits always may."""
    provider: ProviderSettings | None = None
    """OpenID provider; None leaves local accounts alone."""


class DevicesSettings(_Section):
    """What happens to a roadside device that nobody has registered."""

    admission: Literal["approval", "automatic"] = "approval"
    """approval: it waits in the pending list and stays out of the picture; automatic: it takes part at once."""
    certificates: Path | None = None
    """Folder with the certificate of each device, `ID.crt`, `ID.pem` or `ID.cer`; shown beside the device."""


class Settings(BaseSettings):
    """All settings of `cloudctl serve`."""

    model_config = SettingsConfigDict(
        env_prefix="V2X_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Path("var")
    """Spool, embedded database and logs."""
    map: MapSettings
    broker: BrokerSettings = BrokerSettings()
    database: DatabaseSettings = DatabaseSettings()
    engine: EngineSettings = EngineSettings()
    traffic: TrafficSettings = TrafficSettings()
    archiver: ArchiverSettings = ArchiverSettings()
    gateway: GatewaySettings = GatewaySettings()
    transit: TransitSettings = TransitSettings()
    parking: ParkingSettings = ParkingSettings()
    routing: RoutingSettings = RoutingSettings()
    access: AccessSettings = AccessSettings()
    devices: DevicesSettings = DevicesSettings()

    @property
    def timetable_file(self) -> Path:
        """Timetable that the engine reads: the one that is named, else the one that was uploaded."""
        return self.transit.timetable or self.data_dir / "timetable.zip"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # we read no .env file
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # nor a folder of secrets
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings


def read_settings(path: Path) -> Settings:
    """Read a TOML file (or JSON where the name ends in .json); relative paths in it are relative to its folder.

    Raises:
        ConfigurationError: the file is missing, no TOML, or holds an unknown or wrong value; the value is named.
    """
    try:
        text = path.read_text("utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigurationError(path, detail) from error
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(path, f"{name}: {first['msg']}") from error
    return _anchored(settings, path.absolute().parent)


def _anchored(settings: Settings, folder: Path) -> Settings:
    timetable, lots = settings.transit.timetable, settings.parking.register_file
    rules = settings.routing.rules_file
    return settings.model_copy(
        update={
            "data_dir": folder / settings.data_dir,
            "map": MapSettings(file=folder / settings.map.file, tiles=folder / settings.map.tiles),
            "transit": TransitSettings(timetable=timetable and folder / timetable),
            "parking": ParkingSettings(register_file=lots and folder / lots),
            "routing": RoutingSettings(rules_file=rules and folder / rules),
        }
    )
