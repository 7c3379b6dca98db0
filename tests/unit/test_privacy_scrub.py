"""Names are found and replaced where they stand whole, and nowhere else."""

import pytest

from cloudctl.privacy.scrub import mentions, names_in, rename, rename_text


def test_a_name_within_a_longer_one_is_left_alone() -> None:
    assert rename_text("CAR1 follows CAR12, not XCAR1", {"CAR1": "anonymous"}) == "anonymous follows CAR12, not XCAR1"


def test_names_go_from_values_of_any_depth_and_keys_stay() -> None:
    message = {"id": "CAR1", "list": [{"vehId": "CAR1"}, "to CAR1"], "CAR1": 1, "n": 3}
    renamed = rename(message, {"CAR1": "p-x"})
    assert renamed == {"id": "p-x", "list": [{"vehId": "p-x"}, "to p-x"], "CAR1": 1, "n": 3}


def test_plates_go_altogether() -> None:
    assert rename({"vehicleLicencePlateNumber": "湘A12345"}, {}) == {"vehicleLicencePlateNumber": "anonymous"}


def test_no_names_replace_nothing() -> None:
    assert rename_text("CAR1", {}) == "CAR1"


def test_the_vehicles_of_a_message_are_those_under_its_names() -> None:
    payload = b'{"id": "CAR1", "coordinates": [{"vehId": "CAR2"}], "seqNum": "9", "intersectionId": {"id": 4}}'
    assert names_in(payload) == {"CAR1", "CAR2"}
    assert names_in(b"\xff\xfe") == frozenset()


@pytest.mark.parametrize("shift", range(8))
def test_a_name_in_packed_bits_is_found_at_any_shift(shift: int) -> None:
    packed = (int.from_bytes(b"CAR00345") << shift).to_bytes(9) + b"\x00\x13"
    assert mentions(b"\x01" + packed, ["CAR00345"])
    assert not mentions(b"\x01" + packed, ["CAR00346"])


def test_a_name_in_text_counts_only_as_a_whole_word() -> None:
    assert mentions(b'{"id":"CAR00345"}', ["CAR00345"])
    assert not mentions(b'{"id":"CAR003456"}', ["CAR00345"])
    assert not mentions(b"anything", [])
