"""Settings of the platform: one TOML file, each value overridable by an environment variable.

`V2X_GATEWAY__PORT=8080` overrides `port` in the table `[gateway]`. Secrets (the passwords within the URLs of broker and
database) belong in the environment or in a file that only the service account can read.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated

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

    cycle_hz: Rate = 10.0
    live_hz: Rate = 5.0
    trajectory_hz: Rate = 5.0


class ArchiverSettings(_Section):
    """Limits of the archiver."""

    spool_bytes: Annotated[int, Field(ge=1 << 20)] = 4 << 30


class GatewaySettings(_Section):
    """Where the live map and the API listen."""

    host: str = "127.0.0.1"
    port: Port = 8765


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
    archiver: ArchiverSettings = ArchiverSettings()
    gateway: GatewaySettings = GatewaySettings()

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
    return settings.model_copy(
        update={
            "data_dir": folder / settings.data_dir,
            "map": MapSettings(file=folder / settings.map.file, tiles=folder / settings.map.tiles),
        }
    )
