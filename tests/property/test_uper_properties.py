"""What holds for every value and for every row of bytes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uper_oracle import oracle_for, values

from ingest.uper.codec import codec_for
from ingest.uper.errors import DecodeError, EncodeError, UperError
from ingest.uper.reference_decoder import ReferenceDecoder
from ingest.uper.reference_encoder import ReferenceEncoder
from ingest.uper.schema import Choice, Profile, load_schema

CALM = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def frames(profile: Profile) -> st.SearchStrategy[Any]:
    return values(load_schema(profile))


@pytest.mark.parametrize("profile", Profile)
@CALM
@given(data=st.data())
def test_any_value_encodes_as_the_oracle_does_and_comes_back(profile: Profile, data: st.DataObject) -> None:
    value = data.draw(frames(profile))
    encoded = codec_for(profile).encode(value)
    assert encoded == oracle_for(profile).encode(value)
    assert codec_for(profile).decode(encoded) == value
    assert ReferenceEncoder().message(load_schema(profile), value) == encoded
    assert ReferenceDecoder(encoded).message(load_schema(profile)) == value


@pytest.mark.parametrize("profile", Profile)
@CALM
@given(data=st.binary(max_size=400))
def test_any_bytes_give_a_value_that_encodes_or_one_error(profile: Profile, data: bytes) -> None:
    try:
        value = codec_for(profile).decode(data)
    except DecodeError as error:
        assert 0 <= error.bit <= len(data) * 8  # noqa: PT017  # either outcome is right
        return
    again = codec_for(profile).encode(value)
    assert codec_for(profile).decode(again) == value


@CALM
@given(data=st.data())
def test_a_message_cut_short_is_refused(data: st.DataObject) -> None:
    encoded = codec_for(Profile.V4).encode(data.draw(frames(Profile.V4)))
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(DecodeError):
        codec_for(Profile.V4).decode(encoded[:cut])


@CALM
@given(data=st.data(), tail=st.binary(min_size=1, max_size=4))
def test_bytes_after_the_end_are_refused(data: st.DataObject, tail: bytes) -> None:
    encoded = codec_for(Profile.V4).encode(data.draw(frames(Profile.V4)))
    with pytest.raises(DecodeError, match="follow the end"):
        codec_for(Profile.V4).decode(encoded + tail)


@CALM
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["bsmFrame", "msgCnt", "id"]), inner)
        ),
        max_leaves=5,
    )
)
def test_what_is_no_message_is_refused_by_one_error(value: Any) -> None:
    with pytest.raises(UperError):
        codec_for(Profile.V4).encode(value)


def test_an_error_names_field_and_bit() -> None:
    with pytest.raises(DecodeError) as caught:
        codec_for(Profile.V4).decode(bytes.fromhex("0024"))
    assert (caught.value.path, caught.value.bit) == ("bsmFrame.msgCnt", 12)


@pytest.mark.parametrize(
    ("change", "path"),
    [({"speed": 8192}, "bsmFrame.speed"), ({"speed": 3.5}, "bsmFrame.speed"), ({"sped": 1}, "bsmFrame")],
)
def test_an_encoding_error_names_the_field(change: dict[str, Any], path: str) -> None:
    bsm: dict[str, Any] = {
        "msgCnt": 1, "id": "BUS00001", "secMark": 1, "pos": {"lat": 1, "long": 1}, "transmission": "park",
        "speed": 1, "heading": 1, "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {},
        "size": {"width": 1, "length": 1}, "vehicleClass": {"classification": 10},
    }  # fmt: skip
    codec_for(Profile.V4).encode({"bsmFrame": bsm})
    with pytest.raises(EncodeError) as caught:
        codec_for(Profile.V4).encode({"bsmFrame": {**bsm, **change}})
    assert caught.value.path == path


def test_what_a_later_edition_adds_is_passed_over() -> None:
    """A Day II node carries parts that the first edition does not know; its known part is read all the same."""
    frame = load_schema(Profile.V4).type
    assert isinstance(frame, Choice)
    node: dict[str, Any] = {"id": {"id": 7}, "refPos": {"lat": 281960340, "long": 1129771290}}
    zone: dict[str, Any] = {
        "centralCircleProhibitedZone": [{"offsetLL": {"position-LL1": {"lon": n, "lat": n}}} for n in range(4)]
    }
    later = codec_for(Profile.D2).encode({"mapFrame": {"msgCnt": 1, "nodes": [{**node, "prohibitedzone": zone}]}})
    assert codec_for(Profile.VN4).decode(later) == {"mapFrame": {"msgCnt": 1, "nodes": [node]}}
