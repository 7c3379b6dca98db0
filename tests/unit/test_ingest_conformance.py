"""The report tells a vendor what was wrong, how often, with an example and what to do."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from ingest_samples import BSM_TOPIC, MAP_TOPIC, NOON, RSM_TOPIC, SPAT_TOPIC, bsm, map_data, participant, raw, rsm, spat
from typer.testing import CliRunner

from cloudctl.commands.conformance import conformance
from ingest.conformance import ConformanceSession
from ingest.conformance_advice import OTHER_ADVICE, REFUSAL_ADVICE, SIGNAL_ADVICE
from ingest.conformance_report import Finding, Grade, StreamReport
from ingest.errors import RefusalReason
from ingest.signal_checks import SignalFault


def bsms(session: ConformanceSession, count: int = 100, rate: float = 10.0, **changes: Any) -> None:
    for step in range(count):
        now = NOON + step / rate
        session.take(BSM_TOPIC, raw(bsm(now, msgCnt=step % 128, **changes)), now + 0.02)


def bsms_at(session: ConformanceSession, arrivals: list[float], step: int = 1) -> None:
    for number, arrival in enumerate(arrivals):
        session.take(BSM_TOPIC, raw(bsm(NOON + number, msgCnt=number * step)), NOON + arrival)


def names(findings: list[Finding]) -> list[str]:
    return [finding.name for finding in findings]


def stream(session: ConformanceSession) -> StreamReport:
    (found,) = session.report().streams
    return found


def test_a_good_terminal_passes() -> None:
    session = ConformanceSession()
    bsms(session)
    report = session.report()
    assert report.grade is Grade.PASS
    assert (report.messages, report.accepted, report.refused) == (100, 100, 0)
    found = stream(session)
    assert (found.stream, found.writing, found.grade, found.topics) == ("obu_bsm", "json", Grade.PASS, [BSM_TOPIC])
    assert found.rate_hz == pytest.approx(10.0)
    assert found.latency_ms_p50 == pytest.approx(20.0, abs=1)


def test_every_refusal_has_its_count_its_field_an_example_and_advice() -> None:
    session = ConformanceSession()
    bsms(session)
    for step in range(7):
        session.take(BSM_TOPIC, raw(bsm(speed=9000 + step)), NOON + 20 + step)
    report = session.report()
    assert report.grade is Grade.FAIL
    assert report.refused == 7
    (finding,) = report.streams[0].refused
    assert (finding.name, finding.count, finding.field) == ("out_of_range", 7, "speed")
    assert "9000" in finding.detail
    assert finding.example is not None
    assert finding.example.topic == BSM_TOPIC
    assert finding.advice == REFUSAL_ADVICE["out_of_range"]


@pytest.mark.parametrize(
    ("send", "name"),
    [
        (lambda session: bsms(session, rate=5.0), "slow"),
        (lambda session: bsms(session, rate=20.0), "fast"),
        (lambda session: bsms_at(session, [float(n) for n in range(8)], step=3), "gaps"),
        (lambda session: bsms_at(session, [n + (2.0 if n % 2 else 0.0) for n in range(8)]), "late"),
        (
            lambda session: session.take(RSM_TOPIC, raw(rsm(participant(), participant(ptcId=8, speed=5000))), NOON),
            "left_out",
        ),
    ],
)
def test_a_warning_keeps_the_message(send: Callable[[ConformanceSession], object], name: str) -> None:
    session = ConformanceSession()
    send(session)
    found = stream(session)
    assert name in names(found.warnings)
    assert found.grade is Grade.WARN
    assert found.accepted == found.messages


def test_a_full_road_needs_several_messages_a_moment() -> None:
    session = ConformanceSession()
    for step in range(200):
        now = NOON + step // 2 * 0.1
        session.take(RSM_TOPIC, raw(rsm(participant(now), time=now, msgCnt=step % 128)), now)
    assert stream(session).warnings == []


def test_a_clock_that_is_off_is_a_finding_about_the_device() -> None:
    session = ConformanceSession()
    for step in range(600):
        now = NOON + step * 0.1
        session.take(BSM_TOPIC, raw(bsm(now, msgCnt=step % 128)), now + 2.0)
    assert names(session.report().device_findings) == ["clock_offset"]
    session = ConformanceSession()
    session.take(BSM_TOPIC, raw(bsm()), NOON + 1000)
    assert names(session.report().device_findings) == ["clock_wrong"]


def test_signal_data_is_checked() -> None:
    session = ConformanceSession()
    session.take(MAP_TOPIC, raw(map_data()), NOON)
    session.take(SPAT_TOPIC, raw(spat(NOON + 0.1)), NOON + 0.1)
    (finding,) = session.report().signal_findings
    assert finding.name == "alignment"
    assert finding.advice == SIGNAL_ADVICE["alignment"]


def test_a_wrong_profile_is_a_finding_about_the_device() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "golden" / "uper" / "vectors.json").read_text("utf-8"))["vectors"]
    data = next(v["hex"] for v in vectors if v["name"].startswith("MAP") and v["profile"] == "vn4")
    session = ConformanceSession()
    session.take(f"{MAP_TOPIC}/UPER", bytes.fromhex(data), NOON)
    (finding,) = session.report().device_findings
    assert finding.name == "profile_mismatch"
    assert "vn4" in finding.detail


def test_topics_that_are_not_ours_are_listed() -> None:
    session = ConformanceSession()
    session.take("V2X/RSU/R1/GOSSIP/UP", b"{}", NOON)
    report = session.report()
    assert report.unknown_topics == {"V2X/RSU/R1/GOSSIP/UP": 1}
    assert (report.grade, report.refused) == (Grade.FAIL, 1)


def test_nothing_is_no_pass() -> None:
    assert ConformanceSession().report().grade is Grade.FAIL


def test_only_the_wanted_device_counts() -> None:
    session = ConformanceSession(device="BUS00012")
    session.take(BSM_TOPIC, raw(bsm()), NOON)
    session.take("V2X/OBU/CAR1/BSM/UP", raw(bsm()), NOON)
    session.take("V2X/RSU/HB/UP", raw({"rsuEsn": "BUS00012"}), NOON)
    session.take("V2X/RSU/HB/UP", raw({"rsuEsn": "OTHER"}), NOON)
    assert session.report().messages == 2


def test_there_is_advice_for_everything() -> None:
    assert set(REFUSAL_ADVICE) == set(RefusalReason)
    assert set(SIGNAL_ADVICE) == set(SignalFault)
    assert all(OTHER_ADVICE.values())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "device.jsonl.gz"
    messages = [{"t": NOON + n, "topic": BSM_TOPIC, "payload": bsm(NOON + n, msgCnt=n)} for n in range(5)]
    binary = {"t": NOON + 9, "topic": f"{BSM_TOPIC}/UPER", "hex": "00ff"}
    cloud = {"t": NOON + 9, "topic": "V2X/CLOUD/HEALTH/engine", "payload": {}}
    with gzip.open(path, "wb") as file:
        file.writelines(orjson.dumps(message) + b"\n" for message in [*messages, binary, cloud])
    return path


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(conformance)
    return made


def test_the_command_prints_and_writes_the_report(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    result = CliRunner().invoke(app(), [str(recording), "--out", str(out), "--device", "BUS00012"])
    assert result.exit_code == 0, result.output
    assert "not_uper" in result.output
    assert "do: " in result.output
    report = json.loads(out.read_text())
    assert (report["messages"], report["accepted"], report["refused"]) == (6, 5, 1)
    assert {one["writing"] for one in report["streams"]} == {"json", "uper"}


@pytest.mark.parametrize("arguments", [[], ["file", "--broker", "mqtt://x"], ["file", "--box", "1,2"]])
def test_wrong_arguments_are_one_sentence(arguments: list[str]) -> None:
    result = CliRunner().invoke(app(), arguments)
    assert result.exit_code != 0
    assert str(result.exception)


def test_a_box_keeps_devices_of_other_cities_out(recording: Path) -> None:
    result = CliRunner().invoke(app(), [str(recording), "--box", "0,0,1,1"])
    assert "position_outside" in result.output
