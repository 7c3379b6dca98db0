"""A device that encodes with another profile is found out, and told which one would fit."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_samples import MAP_TOPIC, NOON, new_pipeline
from uper_oracle import values

from ingest.device_registry import DeviceKind
from ingest.errors import RefusalReason
from ingest.messages.uper_form import open_frame, to_message
from ingest.plausibility import BoxE7
from ingest.profiles import FIRST_MESSAGES, MOST_SEARCHES, fitting_profiles
from ingest.uper.codec import codec_for
from ingest.uper.schema import Profile, load_schema
from ingest.verdicts import Accepted, Refused

VECTORS = json.loads((Path(__file__).parents[1] / "golden" / "uper" / "vectors.json").read_text("utf-8"))["vectors"]
CITY = BoxE7.of_degrees(112.0, 27.5, 114.0, 29.0)


def vector(name: str, profile: str) -> bytes:
    return bytes.fromhex(next(v["hex"] for v in VECTORS if v["name"].startswith(name) and v["profile"] == profile))


@pytest.mark.parametrize("true", [Profile.V4, Profile.VN4])
def test_a_map_fits_its_own_profile_alone(true: Profile) -> None:
    fits = fitting_profiles(vector("MAP", true.value), CITY)
    assert true in fits
    assert not {Profile.V4, Profile.VN4} - {true} & set(fits)


def test_a_map_of_the_wrong_profile_is_refused_with_the_right_one() -> None:
    pipeline = new_pipeline()
    row = pipeline.registry.row_of(DeviceKind.RSU, "RSU00007")
    pipeline.registry.set_profile(row, Profile.VN4)
    payload = vector("MAP", "v4")
    verdict = pipeline.accept(f"{MAP_TOPIC}/UPER", payload, NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reason is RefusalReason.PROFILE_MISMATCH
    assert "v4 would fit" in verdict.detail
    (report,) = pipeline.take_profile_mismatches()
    assert (report.device, report.message, report.profile, report.fits) == (row, "map", Profile.VN4, (Profile.V4,))
    pipeline.registry.set_profile(row, Profile.V4)
    assert isinstance(pipeline.accept(f"{MAP_TOPIC}/UPER", payload, NOON), Accepted)


def test_a_device_is_trusted_after_its_first_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = new_pipeline()
    asked: list[bytes] = []
    monkeypatch.setattr("ingest.profiles._fault", lambda _frame, _profile, data, _box: asked.append(data))
    for _ in range(FIRST_MESSAGES + 5):
        pipeline.accept(f"{MAP_TOPIC}/UPER", vector("MAP", "v4"), NOON)
    assert len(asked) == FIRST_MESSAGES


def test_other_profiles_are_tried_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = new_pipeline()
    asked: list[bytes] = []

    def search(data: bytes, *_: object) -> tuple[Profile, ...]:
        asked.append(data)
        return ()

    monkeypatch.setattr("ingest.profiles.fitting_profiles", search)
    for _ in range(MOST_SEARCHES + 5):
        pipeline.accept(f"{MAP_TOPIC}/UPER", b"noise", NOON)
    assert len(asked) == MOST_SEARCHES


def test_positions_outside_the_city_are_a_sign_of_the_wrong_profile() -> None:
    assert fitting_profiles(vector("BSM", "v4"), BoxE7.of_degrees(0.0, 0.0, 1.0, 1.0)) == ()


@pytest.mark.parametrize("known", VECTORS, ids=lambda v: f"{v['name']}-{v['profile']}")
def test_every_known_frame_becomes_a_message(known: dict[str, str]) -> None:
    profile = Profile(known["profile"])
    frame = codec_for(profile).decode(bytes.fromhex(known["hex"]))
    name, _, kind = open_frame(frame)
    assert isinstance(to_message(frame, profile), kind), name


@pytest.mark.parametrize("profile", Profile)
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_any_frame_of_any_profile_becomes_a_message(profile: Profile, data: st.DataObject) -> None:
    frame = data.draw(values(load_schema(profile)))
    message = to_message(frame, profile, 1)
    assert message.timestamp == 1  # type: ignore[attr-defined]  # every message has it
