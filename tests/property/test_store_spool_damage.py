"""Whatever happens to the bytes of the spool, it gives back what was put in, or nothing; never something else."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cloudctl.store.spool_queue import SpoolQueue
from cloudctl.store.spool_record import SpoolRecord, encode_record, scan_records

MESSAGES = st.lists(
    st.tuples(
        st.floats(0, 4e9),
        st.text(st.characters(codec="utf-8"), max_size=30),
        st.binary(max_size=200),
    ),
    min_size=1,
    max_size=25,
)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def fill(directory: Path, messages: list[tuple[float, str, bytes]], *, group: int = 3) -> list[SpoolRecord]:
    queue = SpoolQueue(directory, segment_bytes=400)
    for index, message in enumerate(messages):
        queue.append(*message)
        if index % group == 0:
            queue.sync()
    queue.sync()
    queue.close()
    return [SpoolRecord(number, *message) for number, message in enumerate(messages)]


def drain(queue: SpoolQueue, max_bytes: int = 300) -> list[SpoolRecord]:
    found = []
    while queue.waiting:
        records = queue.read(max_bytes)
        found += records
        if records:
            queue.commit(records[-1].number)
    return found


@given(messages=MESSAGES, group=st.integers(1, 7), max_bytes=st.integers(1, 2000))
def test_everything_that_was_synced_comes_back_in_order(
    messages: list[tuple[float, str, bytes]], group: int, max_bytes: int
) -> None:
    with folder() as directory:
        expected = fill(directory, messages, group=group)
        queue = SpoolQueue(directory)
        assert drain(queue, max_bytes) == expected
        assert queue.lost_records == 0
        queue.close()


@given(messages=MESSAGES, committed=st.integers(0, 24))
def test_what_was_committed_does_not_come_back(messages: list[tuple[float, str, bytes]], committed: int) -> None:
    with folder() as directory:
        expected = fill(directory, messages)
        committed = min(committed, len(messages) - 1)
        queue = SpoolQueue(directory)
        queue.read(1 << 20)
        queue.commit(committed)
        queue.close()
        assert drain(SpoolQueue(directory)) == expected[committed + 1 :]


@given(messages=MESSAGES, data=st.data())
def test_a_torn_tail_costs_only_the_records_it_tore(
    messages: list[tuple[float, str, bytes]], data: st.DataObject
) -> None:
    with folder() as directory:
        expected = fill(directory, messages)
        newest = max(directory.glob("*.spool"))
        whole = newest.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        newest.write_bytes(whole[:cut])
        queue = SpoolQueue(directory)
        queue.append(1.0, "after", b"repair")
        queue.sync()
        found = drain(queue)
        assert [record[1:] for record in found[-1:]] == [(1.0, "after", b"repair")]
        kept = found[:-1]
        assert kept == expected[: len(kept)]
        first = int(newest.stem.split("-")[0], 16)
        ends = scan_records(whole, int(newest.stem.split("-")[1], 16), 0).ends
        assert len(kept) == first + sum(end <= cut for end in ends)
        queue.close()


@given(messages=MESSAGES, data=st.data())
def test_flipped_bits_cost_records_but_never_change_one(
    messages: list[tuple[float, str, bytes]], data: st.DataObject
) -> None:
    with folder() as directory:
        expected = fill(directory, messages)
        for _ in range(data.draw(st.integers(1, 5))):
            path = data.draw(st.sampled_from(sorted(directory.glob("*.spool"))))
            content = bytearray(path.read_bytes())
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] ^= 1 << data.draw(st.integers(0, 7))
            path.write_bytes(bytes(content))
        queue = SpoolQueue(directory)
        found = drain(queue)
        assert all(record == expected[record.number] for record in found)
        assert [record.number for record in found] == sorted({record.number for record in found})
        assert len(found) >= len(expected) - 10
        queue.close()


@given(data=st.binary(max_size=400), salt=st.integers(0, 2**32 - 1))
def test_arbitrary_bytes_hold_no_record(data: bytes, salt: int) -> None:
    assert scan_records(data, salt, 0).records == []


@given(inner=st.binary(max_size=50), guess=st.integers(0, 2**32 - 1))
def test_a_payload_made_to_look_like_a_record_is_never_taken_for_one(inner: bytes, guess: int) -> None:
    salt = 0x1234_5678
    forged = encode_record(SpoolRecord(8, 0.0, "forged", inner), guess if guess != salt else 0)
    outer = bytearray(encode_record(SpoolRecord(7, 0.0, "outer", forged), salt))
    outer[2] ^= 0xFF
    assert scan_records(bytes(outer), salt, 0).records == []
