"""Properties of messages and of the pipeline's accounts."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_samples import (
    BSM_TOPIC,
    HEARTBEAT_TOPIC,
    INFO_TOPIC,
    MAP_TOPIC,
    NOON,
    PARKING_TOPIC,
    RSM_TOPIC,
    SPAT_TOPIC,
    VIR_TOPIC,
    bsm,
    new_pipeline,
    participant,
    raw,
    rsm,
    spat,
    vir,
)
from ingest_strategies import MESSAGES, messages

from ingest.messages.common import Wire
from ingest.messages.decoding import decode, encode
from ingest.verdicts import Refused, refusal_ack

TOPICS = (
    BSM_TOPIC,
    RSM_TOPIC,
    SPAT_TOPIC,
    MAP_TOPIC,
    VIR_TOPIC,
    PARKING_TOPIC,
    HEARTBEAT_TOPIC,
    INFO_TOPIC,
    "V2X/RSU/RunningInfo/UP",
    "V2X/RSU/RSU00007/RSI/UP",
    "V2X/RSU/RSU00007/RSI/DOWN/ACK",
    "V2X/OBU/BUS00012/ADVICE/DOWN/ACK",
    "V2X/RSU/RSU00007/NONSENSE/UP",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
VALID = st.sampled_from([bsm(), rsm(participant()), spat(), vir()])
PAYLOADS = st.binary(max_size=60) | JSON.map(raw) | VALID.map(raw)  # type: ignore[arg-type]  # any JSON
TIMES = st.floats(NOON - 1e4, NOON + 1e4)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_decode_is_the_inverse_of_encode(kind: type[Wire], data: st.DataObject) -> None:
    message = data.draw(messages(kind))
    assert decode(kind, encode(message)) == message


@settings(max_examples=300, deadline=None)
@given(sent=st.lists(st.tuples(st.sampled_from(TOPICS) | st.text(max_size=20), PAYLOADS, TIMES), max_size=12))
def test_whatever_is_sent_is_accepted_or_refused_for_a_counted_reason(sent: list[tuple[str, bytes, float]]) -> None:
    pipeline = new_pipeline()
    verdicts = [pipeline.accept(*message) for message in sent]
    counters = pipeline.counters
    refused = [verdict for verdict in verdicts if isinstance(verdict, Refused)]
    assert counters.received.total() == len(sent)
    assert counters.accepted.total() + counters.refused.total() == len(sent)
    assert counters.refused.total() == len(refused)
    assert len(pipeline.take_observations(NOON)) == counters.observations
    assert all(verdict.detail for verdict in refused)
    for verdict in refused:
        refusal_ack(verdict.topic, verdict)


@settings(max_examples=200, deadline=None)
@given(
    field=st.sampled_from(sorted(bsm())),
    value=st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2),
)
def test_one_wrong_field_never_raises(field: str, value: object) -> None:
    pipeline = new_pipeline()
    pipeline.accept(BSM_TOPIC, raw(bsm() | {field: value}), NOON)
    pipeline.take_observations(NOON)
    assert pipeline.counters.received.total() == 1
