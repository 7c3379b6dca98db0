"""Rules of the store that need no server: gaps, keys, streams, cursors."""

import json

import pytest
from store_frames import NOON, trajectory_frame

from cloudctl.publish.frames import decode_frame
from cloudctl.store.errors import CursorError, MigrationError
from cloudctl.store.event_rows import acknowledgement, device_event, event_key, find_event_stream, own_time
from cloudctl.store.frame_ledger import FrameKey, Gap, GapTracker
from cloudctl.store.migrate import Phase, list_migrations
from cloudctl.store.page_cursor import decode_cursor, encode_cursor
from cloudctl.store.spool_record import SpoolRecord
from cloudctl.store.trajectory_rows import MAX_POINTS, find_segments, points_of, storable


def gaps(ticks: list[tuple[int, int, float]]) -> list[Gap]:
    """Gaps over frames given as (session, tick, seconds)."""
    tracker, found = GapTracker(), []
    for session, tick, seconds in ticks:
        tracker, gap = tracker.step(FrameKey(session, 4, tick, round(seconds * 1e3)))
        found += [gap] if gap else []
    return found


def test_even_steps_are_no_gap() -> None:
    assert gaps([(1, tick, tick / 10) for tick in range(0, 100, 2)]) == []


def test_a_jump_names_how_many_frames_never_came() -> None:
    assert gaps([(1, 0, 0.0), (1, 2, 0.2), (1, 12, 1.2)]) == [Gap(4, 1, 2, 200, 1200, 4, "frames missing")]


def test_a_late_or_repeated_frame_is_no_gap() -> None:
    assert gaps([(1, 0, 0.0), (1, 2, 0.2), (1, 0, 0.0), (1, 2, 0.2), (1, 4, 0.4)]) == []


def test_an_engine_that_starts_anew_leaves_a_gap_of_unknown_size() -> None:
    assert gaps([(1, 100, 10.0), (2, 0, 25.0)]) == [Gap(4, 1, 100, 10_000, 25_000, None, "engine started anew")]


def test_an_engine_that_starts_anew_in_the_same_session_is_noticed_too() -> None:
    assert [gap.reason for gap in gaps([(0, 100, 10.0), (0, 2, 25.0)])] == ["engine started anew"]


def test_an_engine_that_starts_anew_at_once_missed_nothing() -> None:
    assert gaps([(1, 100, 10.0), (2, 0, 10.9)]) == []


@pytest.mark.parametrize(("time", "good"), [(946_684_799.0, 0), (946_684_800.0, 20), (4_102_444_800.0, 0)])
def test_points_before_the_year_2000_or_after_2099_are_not_stored(time: float, good: int) -> None:
    assert storable(decode_frame(trajectory_frame(2, time))).sum() == good


def test_no_row_holds_more_points_of_a_track_than_is_allowed() -> None:
    frames = [decode_frame(trajectory_frame(tick, NOON + 0.01 * tick, 1)) for tick in range(MAX_POINTS + 88)]
    assert find_segments(points_of(frames)).counts.tolist() == [MAX_POINTS, 88]


def record(topic: str, payload: bytes, received: float = 1000.0) -> SpoolRecord:
    return SpoolRecord(0, received, topic, payload)


@pytest.mark.parametrize(
    ("topic", "name", "device"),
    [
        ("V2X/OBU/CAR00001/VIR/UP", "obu_vir", "CAR00001"),
        ("V2X/RSU/RSU00001/RSI/DOWN/ACK", "rsu_rsi_ack", "RSU00001"),
        ("V2X/PARKING/P1/STATUS/UP", "parking_status", "P1"),
        ("V2X/RSU/INFO/UP", "rsu_info", ""),
    ],
)
def test_the_topic_names_stream_and_device(topic: str, name: str, device: str) -> None:
    found = find_event_stream(topic)
    assert found is not None
    assert (found[0].name, found[1]) == (name, device)


def test_telemetry_is_no_event() -> None:
    assert find_event_stream("V2X/RSU/RSU00001/RSM/UP") is None


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"timestamp": 1000500}', 1000.5),
        (b'{"timestamp": 99999999000}', None),
        (b'{"timestamp": "soon"}', None),
        (b"{}", None),
        (b"\xff\x00", None),
    ],
)
def test_a_devices_own_time_counts_only_where_it_can_be_believed(payload: bytes, expected: float | None) -> None:
    assert own_time(record("t", payload)) == expected


def test_equal_bytes_on_two_topics_are_two_events() -> None:
    assert event_key(record("a", b"x")).key != event_key(record("b", b"x")).key


def test_an_event_that_is_no_json_is_kept_as_bytes() -> None:
    found = find_event_stream("V2X/OBU/CAR00001/VIR/UP")
    assert found is not None
    message = record("V2X/OBU/CAR00001/VIR/UP", b"\xff{")
    row = device_event(message, event_key(message), *found)
    assert (row.payload, row.raw, row.t) == (None, b"\xff{", 1000.0)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"id": "adv-1", "status": "rejected"}, ("adv-1", "rejected")),
        ({"seqNum": "17", "errorCode": 0}, ("17", "accepted")),
        ({"seqNum": 17, "errorCode": 1, "errorDesc": "busy"}, ("17", "refused")),
    ],
)
def test_an_answer_names_what_it_answers(payload: dict[str, object], expected: tuple[str, str]) -> None:
    found = find_event_stream("V2X/OBU/CAR00001/ADVICE/DOWN/ACK")
    assert found is not None
    row = acknowledgement(record("t", json.dumps(payload).encode()), *found)
    assert row is not None
    assert (row.reference, row.status) == expected


def test_an_answer_to_nothing_is_no_answer() -> None:
    found = find_event_stream("V2X/OBU/CAR00001/ADVICE/DOWN/ACK")
    assert found is not None
    assert acknowledgement(record("t", b'{"errorCode": 0}'), *found) is None


def test_a_cursor_comes_back_as_it_was_made() -> None:
    assert decode_cursor(encode_cursor((1.5, 2, "x")), (float, int, str)) == (1.5, 2, "x")


@pytest.mark.parametrize("cursor", ["", "%%%", "bm90IGpzb24", encode_cursor((1, 2)), encode_cursor(("a", 2))])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        decode_cursor(cursor, (float, int))


def test_migrations_are_numbered_without_holes_and_adding_comes_before_taking_away() -> None:
    found = list_migrations()
    assert [migration.number for migration in found] == list(range(1, len(found) + 1))
    assert found[0].phase is Phase.BEFORE


def test_a_number_used_twice_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("schema")
    (folder / "0001_before_a.sql").write_text("SELECT 1")
    (folder / "0001_after_b.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="used twice"):
        list_migrations(folder)
