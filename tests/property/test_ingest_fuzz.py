"""Whatever arrives on whatever topic, in any writing: a verdict, a counted reason, and never another exception.

`V2X_LONG=1` runs the long versions: 100,000 mutated inputs each.
"""

import os
import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_samples import BOX, NOON, PLANE, raw

from ingest.asyncapi import example_of, uper_example
from ingest.device_registry import DeviceRegistry
from ingest.envelope import Envelope, seal_envelope
from ingest.pipeline import Pipeline
from ingest.topics import Uplink, Writing, uplinks
from ingest.uper.codec import codec_for
from ingest.uper.errors import DecodeError, UperError
from ingest.uper.schema import Profile
from ingest.verdicts import Accepted, Refused

LONG = os.environ.get("V2X_LONG") == "1"
MUTANTS = 100_000 if LONG else 300
CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def good(link: Uplink) -> bytes:
    """A payload that the link takes, or one near it where we have no example."""
    if link.writing is Writing.UPER:
        return uper_example(link.stream)
    if link.writing is Writing.ENVELOPE:
        envelope = Envelope("R1", round(NOON * 1000), (uper_example(link.stream),))
        return seal_envelope(envelope, bundle="BSM" in link.topic)
    return raw(example_of(link.stream) or {})


LINKS = uplinks()
GOOD = [good(link) for link in LINKS]


def check(pipeline: Pipeline, topic: str, payload: bytes) -> None:
    before = pipeline.counters.accepted.total() + pipeline.counters.refused.total()
    verdict = pipeline.accept(topic, payload, NOON)
    assert isinstance(verdict, (Accepted, Refused))
    assert pipeline.counters.accepted.total() + pipeline.counters.refused.total() == before + 1
    if isinstance(verdict, Refused):
        assert verdict.detail


def mutated(payload: bytes, draw: random.Random) -> bytes:
    """Flip bits, cut, repeat, insert."""
    data = bytearray(payload)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(data) + 1) if data else 0
        match draw.randrange(5):
            case 0 if data:
                data[place % len(data)] ^= 1 << draw.randrange(8)
            case 1:
                del data[place:]
            case 2:
                data[place:place] = draw.randbytes(draw.randint(1, 4))
            case 3 if data:
                data[place % len(data)] = draw.choice(b'{}[]",:019-.eE\x00\xff')
            case _:
                data[place:place] = data[: draw.randint(0, 16)]
    return bytes(data)


def nested(value: Any, draw: random.Random) -> Any:
    """Change one value somewhere in JSON."""
    strange: tuple[Any, ...] = (None, True, -1, 1e400, 2**70, "", "x" * 70, "12", [], {}, [[]], {"lat": 1}, 0.5)
    if draw.random() < 0.25 or not isinstance(value, (dict, list)) or not value:
        return draw.choice(strange)
    if isinstance(value, list):
        place = draw.randrange(len(value))
        return [nested(entry, draw) if index == place else entry for index, entry in enumerate(value)]
    name = draw.choice(sorted(value))
    return {key: nested(inner, draw) if key == name else inner for key, inner in value.items()}


@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_good_messages_never_raise(seed: int) -> None:
    draw, pipeline = random.Random(seed), Pipeline(PLANE, BOX, DeviceRegistry())
    for number in range(MUTANTS):
        index = draw.randrange(len(LINKS))
        payload = mutated(GOOD[index], draw)
        if LINKS[index].writing in {Writing.JSON, Writing.DIALECT} and draw.random() < 0.5:
            payload = msgspec.json.encode(nested(msgspec.json.decode(GOOD[index]), draw)).replace(b"null", b"1e999")
        check(pipeline, LINKS[index].topic.replace("{device}", "R1"), payload)
        if number % 1000 == 0:
            pipeline.take_observations(NOON)
    assert len(pipeline.take_observations(NOON)) >= 0


@settings(max_examples=MUTANTS, deadline=None, suppress_health_check=CALM)
@given(link=st.sampled_from(LINKS), payload=st.binary(max_size=80) | JSON.map(msgspec.json.encode))
def test_anything_on_any_topic_never_raises(link: Uplink, payload: bytes) -> None:
    check(Pipeline(PLANE, BOX, DeviceRegistry()), link.topic.replace("{device}", "R1"), payload)


@pytest.mark.parametrize("profile", Profile)
def test_mutated_frames_give_a_value_or_the_one_error(profile: Profile) -> None:
    draw, codec = random.Random(7), codec_for(profile)
    frames = [uper_example(link.stream) for link in LINKS if link.writing is Writing.UPER]
    for _ in range(MUTANTS):
        data = mutated(draw.choice(frames), draw)
        try:
            value = codec.decode(data)
        except DecodeError as error:
            assert 0 <= error.bit <= len(data) * 8  # noqa: PT017  # either outcome is right
            continue
        except UperError:
            pytest.fail("another error than DecodeError")
        assert codec.decode(codec.encode(value)) == value
