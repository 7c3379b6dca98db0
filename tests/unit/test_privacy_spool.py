"""What is stored leaves the disk: a sealed spool keeps no bytes of records that were committed."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from privacy_register import AGREED, BUS, LIVE_ONLY

from cloudctl.archive.intake import Intake
from cloudctl.privacy.gate import StoreGate
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.register import Register
from cloudctl.store.event_rows import event_key
from cloudctl.store.spool import Spool
from cloudctl.store.spool_queue import SpoolQueue
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.withheld import WITHHELD_TOPIC, read_note, withheld_key, write_note
from ingest.raw_message import RawMessage


def _held(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*.spool")))


def _filled(folder: Path, texts: Sequence[str]) -> SpoolQueue:
    queue = SpoolQueue(folder)
    for text in texts:
        queue.append(1.0, "topic", text.encode())
    queue.sync()
    return queue


def test_committed_bytes_stay_until_the_segment_is_sealed_and_go_then(tmp_path: Path) -> None:
    queue = _filled(tmp_path, ["secret-1"])
    queue.commit(queue.read(1 << 20)[-1].number)
    assert b"secret-1" in _held(tmp_path)
    queue.seal()
    assert _held(tmp_path) == b""
    assert queue.oldest_kept == queue.synced == 1


def test_what_is_not_committed_survives_a_seal_and_goes_with_its_commit(tmp_path: Path) -> None:
    queue = _filled(tmp_path, ["one", "two"])
    queue.seal()
    assert [record.payload for record in queue.read(1 << 20)] == [b"one", b"two"]
    assert queue.oldest_kept == 0
    queue.commit(1)
    assert _held(tmp_path) == b""
    assert queue.oldest_kept == 2


def test_a_queue_that_was_sealed_takes_more_and_loses_nothing(tmp_path: Path) -> None:
    queue = _filled(tmp_path, ["one"])
    queue.append(2.0, "topic", b"pending")
    queue.seal()
    queue.sync()
    queue.append(3.0, "topic", b"three")
    queue.sync()
    assert [record.payload for record in queue.read(1 << 20)] == [b"one", b"pending", b"three"]
    queue.commit(0)
    assert b"pending" in _held(tmp_path)
    assert b"one" not in _held(tmp_path)
    queue.close()
    assert [record.payload for record in SpoolQueue(tmp_path).read(1 << 20)] == [b"pending", b"three"]


@pytest.mark.parametrize(
    ("topic", "admitted"),
    [
        ("V2X/OBU/BUS00001/VIR/UP", True),
        ("V2X/OBU/CAR00001/VIR/UP", True),
        ("V2X/OBU/CAR00002/VIR/UP", False),
        ("V2X/OBU/CAR00003/ADVICE/DOWN/ACK", False),
        ("V2X/RSU/RSU00001/VIR/UP", True),
        ("V2X/CLOUD/TRAJECTORY", True),
    ],
)
async def test_events_of_which_nothing_may_be_stored_never_reach_the_disk(
    tmp_path: Path, topic: str, admitted: bool
) -> None:
    gate = StoreGate(KeyRing(tmp_path / "keys"), lambda: 1.0)
    spool = Spool(tmp_path / "spool", 1 << 24, min_free_bytes=0)
    intake = Intake(spool, gate=gate)
    await intake.take([RawMessage(topic, b"before", 1.0)])
    gate._register = Register(1, {"BUS00001": BUS, "CAR00001": AGREED, "CAR00002": LIVE_ONLY})
    await intake.take([RawMessage(topic, b"after", 1.0)])
    records = spool.events.read(1 << 20)
    spool.close()
    held = _held(tmp_path / "spool")
    assert b"before" in held, "before the register is read the gate at the database decides"
    assert (b"after" in held) is admitted
    noted = [event.stream for _, event in map(read_note, (r for r in records if r.topic == WITHHELD_TOPIC))]
    assert len(noted) == (not admitted)
    assert set(noted) <= {"obu_vir", "obu_advice_ack"}, "noted under the stream of the device"


def test_a_note_of_a_withheld_event_has_the_same_key_however_often_it_comes_and_none_without_the_secret() -> None:
    event = SpoolRecord(1, 5.0, "V2X/OBU/CAR00002/VIR/UP", b'{"id": "CAR00002"}')
    again, other = event._replace(number=9, received=7.0), event._replace(payload=b"{}")
    keys = [read_note(SpoolRecord(0, 5.0, "", write_note(each, b"s" * 32)))[0].key for each in (event, again, other)]
    assert keys[0] == keys[1] != keys[2]
    assert withheld_key(event_key(event), b"s" * 32).key == keys[0], "the gate at the database makes the same key"
    assert keys[0] not in {event_key(event).key, withheld_key(event_key(event), b"t" * 32).key}
    assert b"CAR00002" not in write_note(event, b"s" * 32)
