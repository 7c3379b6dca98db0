"""`cloudctl record` and `cloudctl replay` hand on what their simulators say."""

import json
from pathlib import Path

import pytest
import typer
from conftest import MosquittoBroker

from cloudctl.commands.record import record
from cloudctl.commands.replay import replay


def code_of(caught: pytest.ExceptionInfo[typer.Exit]) -> int:
    return caught.value.exit_code


def test_record_and_replay_end_well_and_say_how_much(
    mosquitto_broker: MosquittoBroker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = tmp_path / "said.jsonl"
    said.write_text('{"t":1.0,"topic":"V2X/OBU/X/VIR/UP","payload":{}}\n{"t":1.1,"topic":"V2X/CLOUD/A","hex":"00"}\n')
    with pytest.raises(typer.Exit) as caught:
        replay(mosquitto_broker.url, said)
    assert code_of(caught) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1]) == {"messages": 1}
    with pytest.raises(typer.Exit) as caught:
        record(mosquitto_broker.url, tmp_path / "heard.jsonl", None, 0.2)
    assert code_of(caught) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1]) == {"messages": 0}


def test_a_missing_file_or_broker_is_one_line_and_a_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught:
        record("mqtt://127.0.0.1:1", tmp_path / "heard.jsonl", None, 0.2)
    assert code_of(caught) == 1
    with pytest.raises(typer.Exit) as caught:
        replay("mqtt://127.0.0.1:1", tmp_path / "none.jsonl")
    assert code_of(caught) == 1
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
