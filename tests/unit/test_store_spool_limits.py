"""The spool's limits: telemetry gives way to events, and what goes is counted."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloudctl.store.errors import SpoolFullError
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.spool_queue import SpoolQueue

LIMIT = 1 << 20


def spool(directory: Path) -> Spool:
    return Spool(directory, LIMIT, min_free_bytes=0, segment_bytes=1 << 16)


def fill(target: Spool, kind: SpoolClass, count: int, size: int = 10_000) -> list[bool]:
    taken = []
    for _ in range(count):
        taken.append(target.append(kind, 0.0, "topic", bytes(size)))
        target.sync()
    return taken


def test_telemetry_is_shed_before_it_takes_the_share_of_events(tmp_path: Path) -> None:
    target = spool(tmp_path)
    taken = fill(target, SpoolClass.TELEMETRY, 100)
    assert taken == [True] * taken.count(True) + [False] * taken.count(False)
    assert target.shed == taken.count(False) > 0
    assert target.disk_bytes <= LIMIT * 0.75
    assert fill(target, SpoolClass.EVENT, 20) == [True] * 20
    assert target.telemetry.waiting == taken.count(True)


def test_events_push_the_oldest_telemetry_out_and_it_is_counted(tmp_path: Path) -> None:
    target = spool(tmp_path)
    kept = fill(target, SpoolClass.TELEMETRY, 100).count(True)
    shed = target.shed
    assert fill(target, SpoolClass.EVENT, 90) == [True] * 90
    assert target.events.waiting == 90
    assert target.telemetry.waiting + (target.shed - shed) == kept
    remaining = target.telemetry.read(LIMIT)
    assert [record.number for record in remaining] == list(range(kept - len(remaining), kept))


def test_events_are_refused_only_when_nothing_is_left_to_give(tmp_path: Path) -> None:
    target = spool(tmp_path)
    fill(target, SpoolClass.TELEMETRY, 100)
    with pytest.raises(SpoolFullError):
        fill(target, SpoolClass.EVENT, 200)
    assert target.telemetry.waiting == 0
    stored = target.events.waiting
    assert stored >= 90
    records = target.events.read(LIMIT * 2)
    assert len(records) == stored
    target.events.commit(records[-1].number)
    assert fill(target, SpoolClass.EVENT, 5) == [True] * 5


def test_little_room_on_the_disk_sheds_telemetry_and_takes_events(tmp_path: Path) -> None:
    target = Spool(tmp_path, LIMIT, min_free_bytes=1 << 60)
    assert fill(target, SpoolClass.TELEMETRY, 3) == [False] * 3
    assert fill(target, SpoolClass.EVENT, 3) == [True] * 3
    assert target.shed == 3


def test_stored_segments_leave_the_disk(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path, segment_bytes=1000)
    for _ in range(50):
        queue.append(0.0, "t", bytes(300))
        queue.sync()
    records = queue.read(1 << 20)
    queue.commit(records[-1].number)
    assert len(list(tmp_path.glob("*.spool"))) == 1
    queue.close()
    assert SpoolQueue(tmp_path).disk_bytes == 0
    assert not list(tmp_path.glob("*.spool"))


def test_numbers_go_on_after_everything_was_stored_and_the_process_restarted(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    queue.append(0.0, "t", b"1")
    queue.sync()
    queue.commit(queue.read(1000)[-1].number)
    queue.close()
    again = SpoolQueue(tmp_path)
    assert again.append(0.0, "t", b"2") == 1


def test_a_damaged_cursor_repeats_records_instead_of_losing_them(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    for number in range(3):
        queue.append(0.0, "t", bytes([number]))
    queue.sync()
    queue.read(1000)
    queue.commit(0)
    queue.close()
    (tmp_path / "cursor").write_text("1 00000000")
    assert [record.payload for record in SpoolQueue(tmp_path).read(1000)] == [b"\0", b"\1", b"\2"]


def test_lost_records_are_counted_by_their_numbers(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    for number in range(5):
        queue.append(0.0, "t", bytes([number]) * 50)
    queue.sync()
    path = next(tmp_path.glob("*.spool"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    records = queue.read(10_000)
    queue.commit(records[-1].number)
    assert [record.number for record in records] == [0, 1, 3, 4]
    assert queue.lost_records == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_commit_of_what_is_committed_already_changes_nothing(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    for number in range(3):
        queue.append(float(number), "topic", b"x")
    queue.sync()
    queue.commit(queue.read(1 << 20)[-1].number)
    queue.commit(0)
    assert (queue.cursor, queue.waiting, queue.lost_records) == (3, 0, 0)


def test_a_torn_tail_is_cut_off(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    queue.append(0.0, "topic", b"whole")
    queue.sync()
    queue.close()
    (segment,) = tmp_path.glob("*.spool")
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole[:-1])
    assert SpoolQueue(tmp_path).torn_bytes == len(whole) - 1
    assert segment.read_bytes() == whole


def test_nothing_counts_as_synced_before_it_is_forced_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, synced = SpoolQueue(tmp_path), list[int]()
    monkeypatch.setattr(os, "fdatasync", lambda _: synced.append(queue.synced))
    queue.append(0.0, "topic", b"x")
    queue.sync()
    assert (synced, queue.synced) == ([0], 1)


def test_a_file_that_a_write_failed_on_is_never_written_to_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError("the disk refuses")

    queue = SpoolQueue(tmp_path)
    queue.append(0.0, "topic", b"first")
    queue.sync()
    (first,) = tmp_path.glob("*.spool")
    size = first.stat().st_size
    queue.append(1.0, "topic", b"second")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", refuse)
        with pytest.raises(OSError, match="refuses"):
            queue.sync()
    assert queue.sync() == 1
    assert first.stat().st_size == size
    assert len(list(tmp_path.glob("*.spool"))) == 2
    assert [record.payload for record in queue.read(1 << 20)] == [b"first", b"second"]


def test_a_full_disk_sheds_telemetry_keeps_what_was_synced_and_heals(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=False)  # noqa: S607
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        target = Spool(disk / "spool", 1 << 30, min_free_bytes=0, segment_bytes=1 << 16)
        fill(target, SpoolClass.TELEMETRY, 40)
        assert 10 <= target.telemetry.waiting < 40
        assert target.telemetry.waiting + target.shed == 40
        with pytest.raises(SpoolFullError):
            fill(target, SpoolClass.EVENT, 40)
        assert target.telemetry.waiting == 0
        assert target.events.pending == 1
        stored = target.events.read(1 << 20)
        assert [record.number for record in stored] == list(range(len(stored)))
        target.events.commit(stored[-1].number)
        target.sync()
        assert target.events.pending == 0
        assert target.events.waiting == 1
        target.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


LIMITED = """
import sys
from pathlib import Path
from cloudctl.store.spool_queue import SpoolQueue
queue = SpoolQueue(Path(sys.argv[1]))
for number in range(10):
    queue.append(0.0, "t", bytes(1000))
    try:
        queue.sync()
    except OSError:
        print("refused", queue.discard_pending())
    else:
        print("synced")
print("read", len(queue.read(1 << 20)))
"""


def test_a_write_that_the_system_cuts_short_leaves_whole_records_only(tmp_path: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3500, 3500))

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True, preexec_fn=limit
    )
    lines = done.stdout.splitlines()
    synced = lines.count("synced")
    assert "refused 1" in lines
    assert lines[-1] == f"read {synced}"
    assert len(SpoolQueue(tmp_path).read(1 << 20)) == synced
