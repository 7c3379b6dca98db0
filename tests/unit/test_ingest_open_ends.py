"""What the message layer promises about growth and about bad neighbours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_samples import BOX, NOON, PLANE, bsm, new_pipeline, raw

import ingest.dialects as home
from ingest import topics
from ingest.device_registry import DeviceRegistry
from ingest.dialects import catalogue
from ingest.errors import RefusalReason
from ingest.pipeline import Pipeline
from ingest.streams import StreamClass
from ingest.topics import filters_of, find_route
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from ingest.verdicts import Accepted

NEW_DIALECT = '''
"""A vendor nobody had heard of."""
from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Const, Dialect, Form, Take
from ingest.dialects.units import position, whole

RSM = {"msgCnt": Take("n", whole), "id": Take("@device"), "refPos": Take("at", position), "participants": Const([])}
DIALECT = Dialect("newcomer", "its manual", (Form("newcomer/{device}/seen", "rsu_rsm", DeviceKind.RSU, RSM),))
'''


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "newcomer.py").write_text(NEW_DIALECT, "utf-8")
    monkeypatch.setattr(home, "__path__", [*home.__path__, str(tmp_path)])
    caches = (catalogue.dialects, topics.uplinks, topics._by_skeleton, topics._device_levels)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("newcomer")
def test_a_dialect_is_one_file_and_nothing_else() -> None:
    assert "newcomer/+/seen" in filters_of(StreamClass.TELEMETRY)
    pipeline = Pipeline(PLANE, BOX, DeviceRegistry())
    verdict = pipeline.accept("newcomer/X1/seen", raw({"n": "5", "at": {"lat": 28.2281611, "lon": 112.9385943}}), NOON)
    assert isinstance(verdict, Accepted)
    assert pipeline.registry.get(verdict.device).id == "X1"


def test_without_its_file_a_dialect_is_unknown() -> None:
    assert find_route("newcomer/X1/seen") is None


def test_filters_name_every_writing_and_no_reply() -> None:
    filters = filters_of(StreamClass.TELEMETRY)
    expected = {"V2X/OBU/+/BSM/UP", "V2X/OBU/+/BSM/UP/UPER", "V2X.RSU.BSM.UP", "v2x/v1/rsu/+/bsm/up"}
    assert expected <= set(filters)
    assert not any(one.endswith(("/ACK", "/+", "#")) for one in filters)


def test_one_device_in_ten_messages_malformed_costs_the_others_nothing() -> None:
    pipeline = new_pipeline()
    faults = [b"{", raw(bsm(speed=9000)), raw({"msgCnt": 1}), codec_for(Profile.V4).encode({"bsmFrame": _frame()})]  # type: ignore[dict-item]  # a value
    sent_bad = 0
    for step in range(1000):
        now = NOON + step * 0.1
        bad = step % 10 == 0
        payload = faults[step // 10 % len(faults)] if bad else raw(bsm(now, msgCnt=step % 128))
        sent_bad += bad
        pipeline.accept("V2X/OBU/BAD00001/BSM/UP", payload, now)
        assert isinstance(pipeline.accept("V2X/OBU/GOOD0001/BSM/UP", raw(bsm(now, msgCnt=step % 128)), now), Accepted)
    counters = pipeline.counters
    assert counters.refused.total() == sent_bad
    assert counters.received.total() == counters.accepted.total() + counters.refused.total() == 2000
    reasons = {RefusalReason.NOT_JSON: 50, RefusalReason.OUT_OF_RANGE: 25, RefusalReason.MISSING_FIELD: 25}
    assert counters.refused == {reason.value: count for reason, count in reasons.items()}
    good = next(one for one in pipeline.report_devices(now) if one.device.id == "GOOD0001")
    assert (good.refused, good.missing) == ({}, 0)


def _frame() -> dict[str, object]:
    message = bsm(id="BUS00012")
    del message["timestamp"]
    return message
