"""Rules of the configuration file."""

from pathlib import Path

import pytest

from cloudctl.errors import ConfigurationError
from cloudctl.settings import read_settings

GOOD = '[map]\nfile = "city.v2xmap"\ntiles = "city.pmtiles"\n'


def written(folder: Path, text: str, name: str = "cloudctl.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, GOOD))
    assert settings.map.file == tmp_path / "city.v2xmap"
    assert settings.data_dir == tmp_path / "var"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V2X_GATEWAY__PORT", "9999")
    settings = read_settings(written(tmp_path, GOOD + '[gateway]\nport = 8000\nhost = "::1"\n'))
    assert settings.gateway.port == 9999
    assert settings.gateway.host == "::1"


def test_a_settings_file_made_by_the_platform_reads_back(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, GOOD))
    again = read_settings(written(tmp_path, settings.model_dump_json(), "running.json"))
    assert again == settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD + "[gateway]\nport = 70000\n", "gateway.port"),
        (GOOD + "[gateway]\nprot = 8000\n", "gateway.prot"),
        ("[gateway]\nport = 8000\n", "map"),
        (GOOD + "[engine]\ncycle_hz = -1\n", "engine.cycle_hz"),
        (GOOD + "colour =\n", "line 4"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        read_settings(written(tmp_path, text))
    assert str(caught.value.path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml.*No such file"):
        read_settings(tmp_path / "none.toml")
