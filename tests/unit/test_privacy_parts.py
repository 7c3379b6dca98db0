"""Receipts, masked names, published figures, recordings."""

import gzip
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from privacy_register import AGREED, BUS, FOR_EVER

from cloudctl.privacy.aggregates import k_count, k_value, publishable
from cloudctl.privacy.files import erase_files, erase_recording
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.names import UNMASKED_S, Names
from cloudctl.privacy.receipt import Place, Receipt, check, merge_places, read_receipt, sign
from cloudctl.privacy.register import LawfulBasis, Purpose, Register, Standing

RECEIPT = Receipt(
    withdrawal="w",
    cause="request",
    requested="2026-11-22T12:00:00.000+00:00",
    live_ended=None,
    finished="2026-11-22T12:01:00.000+00:00",
    places=[Place("v2x.trajectory", 7, 0)],
    searched=["v2x.device_event"],
    audit_seq=9,
)


def test_a_receipt_of_ours_is_valid_after_its_way_through_json(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path)
    assert check(read_receipt(msgspec.json.encode(sign(RECEIPT, keys))), keys) is None


def test_a_changed_receipt_is_not_valid(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path)
    changed = msgspec.structs.replace(sign(RECEIPT, keys), places=[])
    assert check(changed, keys) == "its content is not what was signed"


def test_a_receipt_of_another_installation_is_not_valid(tmp_path: Path) -> None:
    signed = sign(RECEIPT, KeyRing(tmp_path / "ours"))
    assert check(signed, KeyRing(tmp_path / "theirs")) == "it was not signed by this installation"


def test_a_receipt_that_says_something_is_left_is_not_valid(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path)
    left = sign(msgspec.structs.replace(RECEIPT, places=[Place("spool", 1, 1)]), keys)
    assert check(left, keys) == "something was left in spool"


def test_a_repeated_step_tells_no_less_than_it_did_before() -> None:
    assert merge_places([Place("a", 5, 0)], [Place("a", 0, 0), Place("b", 1, 0)]) == [
        Place("a", 5, 0),
        Place("b", 1, 0),
    ]


@pytest.mark.parametrize(("vehicles", "shown"), [(0, -1), (9, -1), (10, 10), (11, 11)])
def test_a_count_below_ten_says_nothing_zero_included(vehicles: int, shown: int) -> None:
    assert k_count([vehicles]).tolist() == [shown]
    assert np.isnan(k_value([3.5], [vehicles])).tolist() == [shown < 0]
    assert publishable(vehicles) is (shown > 0)


def test_nobody_can_ask_for_a_smaller_k() -> None:
    assert k_count([5, 20], k=2).tolist() == [-1, 20]
    assert k_count([15], k=20).tolist() == [-1]


class _Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def names(tmp_path: Path, clock: _Clock) -> Names:
    names = Names(KeyRing(tmp_path), clock)
    names.register = Register(1, {"BUS00001": BUS, "CAR00001": AGREED})
    return names


def test_buses_are_shown_and_private_vehicles_masked(names: Names) -> None:
    assert names.shown("BUS00001") == "BUS00001"
    masked = names.shown("CAR00001")
    assert masked.startswith("veh-")
    assert names.shown("CAR00001") == masked
    assert names.shown(masked) == masked


def test_an_unmasked_name_is_seen_by_who_asked_and_for_a_while(names: Names, clock: _Clock) -> None:
    masked = names.shown("CAR00001")
    assert names.find_subject(masked) == "CAR00001"
    names.unmask("user:1", masked, "CAR00001", "a hit-and-run")
    assert [each.subject for each in names.list_unmasked("user:1")] == ["CAR00001"]
    assert names.list_unmasked("user:2") == []
    clock.now += UNMASKED_S
    assert names.list_unmasked("user:1") == []


def test_a_vehicle_that_did_not_agree_to_be_known_live_cannot_be_unmasked(names: Names) -> None:
    storage = Standing(LawfulBasis.CONSENT, {Purpose.STORAGE: FOR_EVER})
    names.register = Register(2, {"CAR00002": storage})
    assert names.find_subject(names.shown("CAR00002")) is None
    assert names.find_subject(names.shown("CAR00003")) is None
    assert names.find_subject("veh-aaaaaaaa") is None


def test_who_withdraws_is_unmasked_for_nobody(names: Names) -> None:
    masked = names.shown("CAR00001")
    names.unmask("user:1", masked, "CAR00001", "a hit-and-run")
    names.register = Register(2, {})
    assert names.list_unmasked("user:1") == []
    names.forget("CAR00001")
    assert names.find_subject(masked) is None


def _recording(*payloads: dict[str, object]) -> bytes:
    lines = [{"t": 1.0, "topic": f"V2X/OBU/{each.get('id', 'x')}/BSM/UP", "payload": each} for each in payloads]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.mark.parametrize("zipped", [False, True])
def test_the_lines_of_a_vehicle_go_from_a_recording_and_the_others_stay(tmp_path: Path, zipped: bool) -> None:
    content = _recording({"id": "CAR00001"}, {"id": "CAR00012"}, {"id": "CAR00001"})
    packed = (int.from_bytes(b"CAR00001") << 3).to_bytes(9).hex()
    content += json.dumps({"t": 2.0, "topic": "V2X.RSU.BSM.UP", "hex": packed}).encode() + b"\n"
    path = tmp_path / ("day.jsonl.gz" if zipped else "day.jsonl")
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert erase_recording(path, ["CAR00001"]) == 3
    left = path.read_bytes()
    assert (gzip.decompress(left) if zipped else left) == _recording({"id": "CAR00012"})
    assert erase_recording(path, ["CAR00001"]) == 0
    assert list(tmp_path.iterdir()) == [path]


def test_exports_go_whole_and_recordings_line_by_line(tmp_path: Path) -> None:
    for folder, name in (("exports", "a.parquet"), ("recordings", "b.jsonl")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(_recording({"id": "CAR00001"}, {"id": "CAR00002"}))
    places = {place.place: place for place in erase_files(tmp_path, ["CAR00001"])}
    assert places["files/exports"] == Place("files/exports", 1, 0)
    assert places["files/recordings"].before == 1
    assert not list((tmp_path / "exports").iterdir())
    assert b"CAR00002" in (tmp_path / "recordings" / "b.jsonl").read_bytes()


def test_a_platform_without_files_has_none_to_erase(tmp_path: Path) -> None:
    assert [place.before for place in erase_files(tmp_path, ["CAR00001"])] == [0, 0]
