"""How fast messages become columns; prints figures of the machine at hand and asserts none."""

import time

import pytest
from ingest_samples import BSM_TOPIC, NOON, RSM_TOPIC, SPAT_TOPIC, bsm, new_pipeline, participant, raw, rsm, spat

MESSAGES = 3000
PEOPLE = [participant(ptcId=number) for number in range(1, 17)]


@pytest.mark.parametrize("kind", ["bsm", "rsm", "spat"])
def test_ingest_speed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    times = [NOON + step * 0.1 for step in range(MESSAGES)]
    topic, payloads = {
        "bsm": (BSM_TOPIC, [raw(bsm(at, msgCnt=step % 128)) for step, at in enumerate(times)]),
        "rsm": (RSM_TOPIC, [raw(rsm(*PEOPLE, time=at, msgCnt=step % 128)) for step, at in enumerate(times)]),
        "spat": (SPAT_TOPIC, [raw(spat(at, msgCnt=step % 128)) for step, at in enumerate(times)]),
    }[kind]
    pipeline = new_pipeline()
    start = time.process_time()
    for payload, at in zip(payloads, times, strict=True):
        pipeline.accept(topic, payload, at + 0.02)
    middle = time.process_time()
    rows = len(pipeline.take_observations(NOON + MESSAGES))
    end = time.process_time()
    with capsys.disabled():
        rate, taken = MESSAGES / (middle - start), 1e3 * (end - middle)
        print(f"\n{kind}: {rate:,.0f} messages/s, {rows} rows taken in {taken:.1f} ms")  # noqa: T201  # the figure
    assert pipeline.counters.accepted.total() == MESSAGES
