"""Vectors made with other codecs, where they lie beside the repository: from value to bits and from bits to value."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile
from ingest.uper.values import text_from_octets

SHARED = Path(os.environ.get("V2X_SHARED", Path(__file__).parents[3] / "shared")) / "standards" / "uper_vectors.json"
pytestmark = pytest.mark.skipif(not SHARED.is_file(), reason="the vectors are not here")
_DEVICE_ID = 8


def ours(value: Any) -> Any:
    """Their notation of a value in ours: octets as hex digits or device ids, bits as text."""
    if isinstance(value, list):
        return [ours(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"octets"}:
        octets = bytes.fromhex(value["octets"])
        return text_from_octets(octets, named=len(octets) == _DEVICE_ID)
    if value.keys() == {"bits", "length"}:
        return "".join(f"{octet:08b}" for octet in bytes.fromhex(value["bits"]))[: value["length"]]
    return {name: ours(inner) for name, inner in value.items()}


def test_every_day_one_vector_agrees_both_ways_in_every_profile_that_can_say_it() -> None:
    checked = 0
    for vector in json.loads(SHARED.read_text("utf-8"))["day1"]:
        for profile, text in vector["uper"].items():
            if text is None:
                continue
            codec, data, value = codec_for(Profile(profile)), bytes.fromhex(text), ours(vector["value"])
            assert codec.encode(value) == data, (vector["name"], profile)
            assert codec.decode(data) == value, (vector["name"], profile)
            checked += 1
    assert checked


def test_every_day_two_vector_agrees_both_ways() -> None:
    vectors = json.loads(SHARED.read_text("utf-8"))["day2"]
    assert vectors
    for vector in vectors:
        codec, data = codec_for(Profile.D2), bytes.fromhex(vector["message_frame_uper"])
        frame = codec.decode(data)
        assert codec.encode(frame) == data, vector["name"]
        extension = frame["msgFrameExt"]
        assert isinstance(extension, dict)
        assert extension == {"messageId": int(vector["messageId"]), "value": ours(vector["value"])}, vector["name"]
