"""Known frames of every message and profile, ours against asn1tools bit for bit."""

import json
from pathlib import Path

import pytest
from uper_oracle import oracle_for

from ingest.uper.codec import codec_for
from ingest.uper.reference_decoder import ReferenceDecoder
from ingest.uper.reference_encoder import ReferenceEncoder
from ingest.uper.schema import Profile, load_schema

VECTORS = json.loads((Path(__file__).parent / "uper" / "vectors.json").read_text("utf-8"))["vectors"]
NAMES = [f"{vector['name']}-{vector['profile']}" for vector in VECTORS]


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_a_known_frame_decodes_as_the_oracle_says_and_back(vector: dict[str, str]) -> None:
    profile, data = Profile(vector["profile"]), bytes.fromhex(vector["hex"])
    value = codec_for(profile).decode(data)
    assert value == oracle_for(profile).decode(data)
    assert codec_for(profile).encode(value) == data


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_the_generated_code_handles_every_known_frame_itself(vector: dict[str, str]) -> None:
    codec, data = codec_for(Profile(vector["profile"])), bytes.fromhex(vector["hex"])
    value, left = codec._read(int.from_bytes(data, "big"), len(data) * 8)
    assert left < 8
    number, width = codec._write(value)
    assert number << left == int.from_bytes(data, "big")
    assert width + left == len(data) * 8


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_the_reference_codec_agrees(vector: dict[str, str]) -> None:
    frame, data = load_schema(Profile(vector["profile"])), bytes.fromhex(vector["hex"])
    value = ReferenceDecoder(data).message(frame)
    assert value == codec_for(Profile(vector["profile"])).decode(data)
    assert ReferenceEncoder().message(frame, value) == data


def test_a_map_of_one_profile_reads_wrongly_under_another() -> None:
    """Why each device has a profile: nothing in the bytes gives the difference away."""
    data = bytes.fromhex(next(v["hex"] for v in VECTORS if v["name"].startswith("MAP") and v["profile"] == "v4"))
    true = codec_for(Profile.V4).decode(data)
    try:
        other = codec_for(Profile.VN4).decode(data)
    except ValueError:
        return
    assert other != true
