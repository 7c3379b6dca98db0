"""What a user gets who asks for something that cannot be: one clear line and a non-zero exit."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLOUDCTL = (str(Path(sys.executable).with_name("cloudctl")),)


def run(*arguments: str | Path, timeout: float = 60) -> tuple[int, str]:
    """Run the command; return exit code and standard error."""
    done = subprocess.run(
        [*CLOUDCTL, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False
    )
    return done.returncode, done.stderr


def assert_one_line(result: tuple[int, str], *named: str) -> None:
    code, errors = result
    lines = [line for line in errors.splitlines() if not line.startswith("{")]
    assert code != 0
    assert len(lines) == 1, errors
    for word in named:
        assert word in lines[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def configuration(folder: Path, *tables: str) -> Path:
    for name in ("city.v2xmap", "city.pmtiles"):
        (folder / name).touch()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "cloudctl.toml"
    head = f'[map]\nfile = "city.v2xmap"\ntiles = "city.pmtiles"\n[gateway]\nport = {port}\n'
    path.write_text(head + "\n".join(tables), "utf-8")
    return path


def test_a_map_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing.net.xml"
    assert_one_line(run("demo", "--data-dir", tmp_path, "--map", missing), str(missing))


def test_a_map_that_is_no_network(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.net.xml"
    wrong.write_text("<net><edge", "utf-8")
    assert_one_line(run("demo", "--data-dir", tmp_path, "--map", wrong), "wrong.net.xml")


def test_a_map_import_of_a_broken_file(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.net.xml"
    wrong.write_text("<net><edge", "utf-8")
    assert_one_line(run("map", "import", wrong, "--out", tmp_path / "out.v2xmap"), "wrong.net.xml")


def test_a_port_in_use(tmp_path: Path, taken_port: int) -> None:
    assert_one_line(run("demo", "--data-dir", tmp_path, "--port", str(taken_port)), str(taken_port), "in use")


def test_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    assert_one_line(run("serve", "--config", tmp_path / "none.toml"), "none.toml", "No such file")


def test_a_configuration_with_a_wrong_value(tmp_path: Path) -> None:
    path = configuration(tmp_path, "[engine]\ncycle_hz = 0\n")
    assert_one_line(run("serve", "--config", path), "engine.cycle_hz")


def test_a_broker_that_does_not_answer(tmp_path: Path) -> None:
    path = configuration(tmp_path, '[broker]\nurl = "mqtt://someone:secret@127.0.0.1:9"\n')
    result = run("serve", "--config", path)
    assert_one_line(result, "127.0.0.1:9")
    assert "secret" not in result[1]


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    path = configuration(tmp_path, '[database]\nurl = "postgresql://someone:secret@127.0.0.1:9/none"\n')
    result = run("serve", "--config", path)
    assert_one_line(result, "database")
    assert "secret" not in result[1]


def test_hex_that_is_no_message() -> None:
    assert_one_line(run("decode", "--profile", "v4", "00zz"), "hex")
    assert_one_line(run("decode", "--profile", "v4", "0024"), "bsmFrame.msgCnt", "bit 12")
