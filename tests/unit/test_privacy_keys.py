"""Keys are made once, belong to their owner, and are never a default; anchors cannot be forged."""

import json
from datetime import date
from pathlib import Path

import pytest

from cloudctl.privacy.anchors import AnchorFile
from cloudctl.privacy.chain import Fault, Head
from cloudctl.privacy.errors import SecretKeyError
from cloudctl.privacy.keys import AUDIT_ANCHOR, KeyRing
from cloudctl.privacy.pseudonyms import all_pseudonyms, mask, pseudonym

NOON = 1_800_000_000.0


def test_a_key_is_made_at_first_use_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    key = KeyRing(tmp_path / "keys").key("mask")
    assert len(key) == 32
    assert (tmp_path / "keys" / "mask.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert KeyRing(tmp_path / "keys").key("mask") == key
    assert KeyRing(tmp_path / "other").key("mask") != key


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    KeyRing(tmp_path).key("mask")
    (tmp_path / "mask.key").chmod(0o644)
    with pytest.raises(SecretKeyError, match="others may read it"):
        KeyRing(tmp_path).key("mask")


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mask.key").write_bytes(b"secret")
    (tmp_path / "mask.key").chmod(0o600)
    with pytest.raises(SecretKeyError, match="6 bytes"):
        KeyRing(tmp_path).key("mask")


def test_pseudonyms_and_masks_change_with_the_day_and_not_within_it(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path)
    assert pseudonym(keys, "CAR00001", NOON) == pseudonym(keys, "CAR00001", NOON + 60)
    assert pseudonym(keys, "CAR00001", NOON) != pseudonym(keys, "CAR00001", NOON + 86_400)
    assert pseudonym(keys, "CAR00001", NOON) != pseudonym(keys, "CAR00002", NOON)
    assert mask(keys, "CAR00001", NOON) != mask(keys, "CAR00001", NOON + 86_400)


def test_a_destroyed_day_leads_back_to_nobody(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path)
    old, new = pseudonym(keys, "CAR00001", NOON), pseudonym(keys, "CAR00001", NOON + 86_400)
    assert all_pseudonyms(keys, "CAR00001") == {old, new}
    assert keys.destroy_days_before(date(2027, 1, 16)) == 1
    assert all_pseudonyms(KeyRing(tmp_path), "CAR00001") == {new}


def test_anchors_are_put_down_once_each_and_only_forwards(tmp_path: Path) -> None:
    anchors = AnchorFile(tmp_path / "audit", KeyRing(tmp_path / "keys"))
    assert anchors.put(Head(5, b"a" * 32), "t")
    assert not anchors.put(Head(5, b"a" * 32), "t")
    assert not anchors.put(Head(4, b"b" * 32), "t")
    assert anchors.put(Head(9, b"c" * 32), "t")
    assert anchors.read().digests == {5: b"a" * 32, 9: b"c" * 32}
    assert anchors.read().finding is None


@pytest.mark.parametrize("forge", ["digest", "seq", "time", "mac"])
def test_a_forged_anchor_is_found_and_counts_for_nothing(tmp_path: Path, forge: str) -> None:
    anchors = AnchorFile(tmp_path, KeyRing(tmp_path / "keys"))
    anchors.put(Head(1, b"a" * 32), "t")
    anchors.put(Head(2, b"b" * 32), "t")
    lines = [json.loads(line) for line in anchors.path.read_text().splitlines()]
    lines[1][forge] = 3 if forge == "seq" else "00" * 32
    anchors.path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    read = anchors.read()
    assert read.finding is not None
    assert (read.finding.fault, read.finding.seq) == (Fault.ANCHORS_DAMAGED, 2)
    assert read.digests == {1: b"a" * 32}


def test_an_anchor_taken_out_of_the_middle_is_found(tmp_path: Path) -> None:
    anchors = AnchorFile(tmp_path, KeyRing(tmp_path / "keys"))
    for seq in (1, 2, 3):
        anchors.put(Head(seq, bytes([seq]) * 32), "t")
    lines = anchors.path.read_text().splitlines(keepends=True)
    anchors.path.write_text(lines[0] + lines[2])
    finding = anchors.read().finding
    assert finding is not None
    assert finding.seq == 2


def test_anchors_that_are_gone_while_their_key_is_not_are_missed(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "keys")
    assert AnchorFile(tmp_path, keys).read().finding is None
    keys.key(AUDIT_ANCHOR)
    finding = AnchorFile(tmp_path, keys).read().finding
    assert finding is not None
    assert finding.fault is Fault.ANCHORS_MISSING
