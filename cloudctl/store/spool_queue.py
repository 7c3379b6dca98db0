"""One durable queue on disk: append, sync, read, commit.

Segment files `{first number}-{salt}.spool` hold records one after another. What `sync` returned from is on disk and
stays there until `commit`. Opening repairs a torn tail: what follows the last whole record of the newest segment is
cut off. One thread appends and syncs, another one reads and commits.
"""

import os
import secrets
from bisect import bisect_right
from contextlib import suppress
from pathlib import Path
from threading import Lock

from cloudctl.store.spool_files import (
    SUFFIX,
    Segment,
    list_segments,
    read_cursor,
    read_range,
    sync_directory,
    write_cursor,
)
from cloudctl.store.spool_record import SpoolRecord, encode_record, record_size, scan_records

SEGMENT_BYTES = 16 << 20
_CURSOR = "cursor"


class SpoolQueue:
    """Messages in the order in which they came; methods raise OSError where the disk refuses.

    Nothing that was synced is harmed by a disk that refuses.
    """

    def __init__(self, directory: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.torn_bytes = 0
        """Bytes of unfinished writes that were cut off at the start."""
        self.lost_records = 0
        """Records that were synced but could not be read back, by the gaps in their numbers."""
        self.pending_bytes = 0
        """Bytes that `sync` has to write."""
        self._segment_bytes = segment_bytes
        self._lock = Lock()
        self._pending: list[SpoolRecord] = []
        self._file: int | None = None
        self._segments = list_segments(directory)
        self._cursor = read_cursor(directory / _CURSOR)
        self._place = (-1, 0)
        """First number of the segment where the cursor stands, and the offset in it, where known."""
        self._sealing = False
        self._batch: list[tuple[int, int, int]] = []
        """(number, first number of its segment, offset behind it) of the records that were read last."""
        self._synced = self._repair()
        self._drop_consumed()

    @property
    def disk_bytes(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return sum(segment.size for segment in self._segments)

    @property
    def waiting(self) -> int:
        """Synced records that are not committed yet."""
        with self._lock:
            return self._synced - self._cursor

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the segments that hold them; 0 where there is none."""
        with self._lock:
            start = self._place[1] if self._segments and self._place[0] == self._segments[0].first else 0
            return sum(segment.size for segment in self._segments) - start if self._synced > self._cursor else 0

    @property
    def pending(self) -> int:
        """Appended records that are not synced yet."""
        return len(self._pending)

    def append(self, received: float, topic: str, payload: bytes) -> int:
        """Take a message into memory and return its number; `sync` puts it on disk."""
        with self._lock:
            number = self._synced + len(self._pending)
            self._pending.append(SpoolRecord(number, received, topic, payload))
            self.pending_bytes += record_size(topic, payload)
        return number

    def sync(self) -> int:
        """Put all appended messages on disk and return how many; where the disk refuses they stay appended."""
        with self._lock:
            batch = list(self._pending)
        if not batch:
            return 0
        segment = self._writable_segment(batch[0].number)
        data = b"".join([encode_record(record, segment.salt) for record in batch])
        self._write(segment, data)
        with self._lock:
            segment.size += len(data)
            self._synced += len(batch)
            self._forget(len(batch))
        return len(batch)

    def discard_pending(self) -> int:
        """Forget what is appended but not synced, and return how many."""
        with self._lock:
            count = len(self._pending)
            self._forget(count)
        return count

    def read(self, max_bytes: int) -> list[SpoolRecord]:
        """Oldest synced records that are not committed, about `max_bytes` of them and at least one if there is any."""
        with self._lock:
            segments = [(segment, segment.size) for segment in self._segments]
            cursor, place, synced = self._cursor, self._place, self._synced
        records: list[SpoolRecord] = []
        batch: list[tuple[int, int, int]] = []
        for segment, size in segments:
            start = place[1] if place[0] == segment.first else 0
            scan = scan_records(read_range(segment.path, start, size), segment.salt, cursor, max_bytes=max_bytes)
            records += scan.records
            batch += [(r.number, segment.first, start + end) for r, end in zip(scan.records, scan.ends, strict=True)]
            max_bytes -= scan.offset
            if max_bytes <= 0 and records:
                break
        self._batch = batch
        if not records and synced > cursor:
            self.commit(synced - 1)
        return records

    def commit(self, number: int) -> None:
        """Everything up to and with `number` is stored elsewhere and can go."""
        with self._lock:
            if number < self._cursor:
                return
            known = bisect_right(self._batch, number, key=lambda entry: entry[0])
            seen = sum(entry[0] >= self._cursor for entry in self._batch[:known])
            self.lost_records += number + 1 - self._cursor - seen
            self._place = self._batch[known - 1][1:] if known else (-1, 0)
            self._cursor = number + 1
            write_cursor(self.directory / _CURSOR, self._cursor)
        self._drop_consumed()

    def drop_oldest(self) -> int:
        """Give up the oldest segment to make room; return how many uncommitted records went with it."""
        with self._lock:
            if not self._segments:
                return 0
            oldest = self._segments.pop(0)
            beyond = self._segments[0].first if self._segments else self._synced
            lost = max(0, beyond - max(self._cursor, oldest.first))
            if not self._segments:
                self._close_file()
            self._cursor = max(self._cursor, beyond)
            write_cursor(self.directory / _CURSOR, self._cursor)
        oldest.path.unlink(missing_ok=True)
        return lost

    @property
    def synced(self) -> int:
        """Number that the next record to be synced gets: all before it are on disk or stored already."""
        with self._lock:
            return self._synced

    @property
    def cursor(self) -> int:
        """Number of the oldest record that is not committed."""
        with self._lock:
            return self._cursor

    @property
    def oldest_kept(self) -> int:
        """Number of the oldest record whose bytes may still be on disk, committed or not."""
        with self._lock:
            return self._segments[0].first if self._segments else self._synced

    def seal(self) -> None:
        """End the newest segment, so that it goes as soon as all in it is committed; any thread may ask."""
        with self._lock:
            self._sealing = True
            if not self._pending:  # nobody is writing: every write has its records pending
                self._close_file()
        self._drop_consumed()

    def close(self) -> None:
        """Close the open segment; what is appended but not synced is forgotten."""
        with self._lock:
            self._close_file()

    def _forget(self, count: int) -> None:
        gone = self._pending[:count]
        del self._pending[:count]
        self.pending_bytes -= sum(record_size(record.topic, record.payload) for record in gone)

    def _repair(self) -> int:
        """Cut the torn tail of the newest segment and return the number that comes next."""
        if not self._segments:
            return self._cursor
        newest = self._segments[-1]
        scan = scan_records(read_range(newest.path, 0, newest.size), newest.salt, 0)
        whole = scan.ends[-1] if scan.ends else 0
        self.torn_bytes = newest.size - whole
        if self.torn_bytes:
            os.truncate(newest.path, whole)
            newest.size = whole
        if not whole:
            newest.path.unlink(missing_ok=True)
            self._segments.pop()
        return max(self._cursor, scan.records[-1].number + 1 if scan.records else newest.first)

    def _writable_segment(self, first: int) -> Segment:
        with self._lock:
            roomy = bool(self._segments) and self._segments[-1].size < self._segment_bytes
            if roomy and self._file is not None and not self._sealing:
                return self._segments[-1]
            self._close_file()
            self._sealing = False
            salt = secrets.randbits(32)
            path = self.directory / f"{first:016x}-{salt:08x}{SUFFIX}"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            sync_directory(self.directory)
            self._segments.append(Segment(first, salt, path, 0))
            return self._segments[-1]

    def _write(self, segment: Segment, data: bytes) -> None:
        if self._file is None:
            raise OSError(f"segment {segment.path} is closed")
        view, written = memoryview(data), 0
        try:
            while written < len(view):
                written += os.pwrite(self._file, view[written:], segment.size + written)
            os.fdatasync(self._file)
        except OSError:
            self._abandon(segment)
            raise

    def _abandon(self, segment: Segment) -> None:
        """After a failed write or sync the page cache cannot be trusted: never append to this file again."""
        with self._lock:
            self._close_file()
            with suppress(OSError):
                os.truncate(segment.path, segment.size)
            if not segment.size and segment in self._segments:
                self._segments.remove(segment)
                segment.path.unlink(missing_ok=True)

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _drop_consumed(self) -> None:
        with self._lock:
            gone = []
            while self._segments and self._is_consumed():
                gone.append(self._segments.pop(0))
        for segment in gone:
            segment.path.unlink(missing_ok=True)

    def _is_consumed(self) -> bool:
        if len(self._segments) > 1:
            return self._segments[1].first <= self._cursor
        return self._file is None and self._synced <= self._cursor
