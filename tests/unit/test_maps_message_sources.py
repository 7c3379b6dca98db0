"""MAP messages in files of every kind are read, imported and merged from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maps_city import imported
from typer.testing import CliRunner

from cloudctl.commands.map import app
from cloudctl.map_sources import import_any, merge_messages, read_map_messages
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from maps.errors import MapSourceError, UnknownSourceError
from maps.network_file import open_network, save_network
from maps.v2x_map_bounds import BOUNDS
from maps.v2x_map_export import map_messages


def _message(row: int, profile: Profile = Profile.V4) -> Any:
    return map_messages(imported().network, row, msg_cnt=0, moy=0, bounds=BOUNDS[profile])[0]


def _uper(row: int, profile: Profile = Profile.V4) -> bytes:
    frame: Any = {"mapFrame": _message(row, profile)}
    return codec_for(profile).encode(frame)


def _json(path: Path) -> None:
    path.write_text(json.dumps([_message(0), {"mapFrame": _message(1)}]), "utf-8")


def _lines(path: Path) -> None:
    path.write_text(f"{json.dumps(_message(0))}\n\n{json.dumps(_message(1))}\n", "utf-8")


def _hex(path: Path) -> None:
    path.write_text(f"{_uper(0).hex()}\n{_uper(1).hex()}\n", "ascii")


@pytest.mark.parametrize(("name", "write"), [("a.json", _json), ("a.jsonl", _lines), ("a.hex", _hex)])
def test_each_kind_of_file_gives_both_intersections(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    network, report = import_any(tmp_path / name)
    assert report.counts["signals"] == 2
    assert set(network.signal_rows) == {(4301, 256), (4301, 257)}


@pytest.mark.parametrize("profile", list(Profile))
def test_bytes_are_read_in_their_profile(tmp_path: Path, profile: Profile) -> None:
    path = tmp_path / "one.uper"
    path.write_bytes(_uper(2, profile))
    assert import_any(path, profile=profile).report.counts["signals"] == 1


@pytest.mark.parametrize(
    ("name", "content", "element", "reason"),
    [
        ("a.json", b"{", "", "broken JSON"),
        ("a.json", b"[1]", "", "not a MAP message"),
        ("a.jsonl", b"{}\n{", "line 2", "broken JSON"),
        ("a.hex", b"zz", "line 1", "no row of hex digits"),
        ("a.hex", b"\xff", "line 1", "no row of hex digits"),
        ("a.hex", b"00", "line 1", "no UPER of profile v4"),
        ("a.uper", b"", "message", "no UPER of profile v4"),
    ],
)
def test_what_is_no_message_is_named(tmp_path: Path, name: str, content: bytes, element: str, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MapSourceError) as caught:
        import_any(tmp_path / name)
    assert caught.value.element == element
    assert reason in caught.value.reason


def test_another_message_is_no_map(tmp_path: Path) -> None:
    path = tmp_path / "spat.uper"
    frame: Any = {"spatFrame": {"msgCnt": 1, "intersections": [{
        "intersectionId": {"id": 9}, "status": "0" * 16, "phases": [{"id": 1, "phaseStates": [{"light": "red"}]}],
    }]}}  # fmt: skip
    path.write_bytes(codec_for(Profile.V4).encode(frame))
    with pytest.raises(MapSourceError, match="holds a spatFrame, not a MAP"):
        import_any(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapSourceError, match=r"gone\.json: No such file"):
        read_map_messages(tmp_path / "gone.json")


def test_the_command_imports_and_merges(tmp_path: Path) -> None:
    source, out, base = tmp_path / "a.json", tmp_path / "a.v2xmap", tmp_path / "base.v2xmap"
    _json(source)
    save_network(imported().network, base)
    result = CliRunner().invoke(app, ["import", str(source), "--out", str(out)], catch_exceptions=False)
    assert json.loads(result.output)["counts"]["signals"] == 2
    arguments = ["import", str(source), "--out", str(out), "--merge-into", str(base), "--profile", "v4"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert json.loads(result.output)["counts"]["matched_signals"] == 2
    assert len(open_network(out).links.id) == len(imported().network.links.id)


def test_only_messages_can_be_merged(tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match="only V2X MAP messages can be merged"):
        merge_messages(imported().network, tmp_path / "city.osm")
