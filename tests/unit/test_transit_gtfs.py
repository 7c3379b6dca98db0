"""Timetables from GTFS: what is kept, what is left out, and how that is said."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from cloudctl.transit.errors import TimetableError
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.timetable import ServiceDays

TABLES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\na,Bus,http://x/,Asia/Shanghai\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,甲,28.20,112.93\nB,乙,28.21,112.93\nC,丙,28.22,112.93\n",
    "routes.txt": "route_id,route_short_name,route_type\nL1,1路,3\nT1,Tram,0\n",
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "week,1,1,1,1,1,0,0,20260101,20261231\n"
    ),
    "calendar_dates.txt": "service_id,date,exception_type\nweek,20261003,1\nweek,20261005,2\n",
    "trips.txt": "route_id,service_id,trip_id,direction_id,block_id\nL1,week,t1,0,b7\nL1,week,t2,1,\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,08:00:00,08:00:30,A,1\nt1,,,B,2\nt1,08:10:30,08:10:30,C,3\n"
        "t2,23:50:00,23:50:00,C,1\nt2,24:05:00,24:05:10,A,9\n"
    ),
}


def _write(folder: Path, **changed: str) -> Path:
    path = folder / "gtfs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**TABLES, **{f"{key}.txt": value for key, value in changed.items()}}.items():
            if text:
                archive.writestr(name, text)
    return path


def test_a_zip_file_and_a_folder_give_the_same_timetable(tmp_path: Path) -> None:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, "utf-8")
    folder = import_gtfs(tmp_path).timetable
    assert folder == import_gtfs(_write(tmp_path)).timetable
    assert folder.stops["B"].name == "乙"
    assert folder.trips["t1"].block == "b7"


def test_a_stop_without_times_lies_evenly_between_its_neighbours(tmp_path: Path) -> None:
    calls = import_gtfs(_write(tmp_path)).timetable.trips["t1"].calls
    assert [call.arrival for call in calls] == [28_800.0, 29_130.0, 29_430.0]
    assert calls[0].departure == 28_830.0


def test_times_after_midnight_belong_to_the_day_before(tmp_path: Path) -> None:
    timetable = import_gtfs(_write(tmp_path)).timetable
    after_midnight = dt.datetime(2026, 11, 24, 0, 2, tzinfo=timetable.zone).timestamp()
    found = [trip.key for trip in timetable.between(after_midnight, after_midnight)]
    assert found == ["t2@20261123"]


def test_a_day_that_was_taken_out_has_no_trips_and_one_that_was_added_has() -> None:
    day = dt.date(2026, 10, 5)
    service = ServiceDays(
        frozenset(range(5)), dt.date(2026, 1, 1), dt.date(2026, 12, 31), frozenset(), frozenset({day})
    )
    assert not service.runs_on(day)
    assert service.runs_on(day + dt.timedelta(days=1))
    assert not service.runs_on(dt.date(2026, 10, 4)), "a Sunday"
    assert not service.runs_on(dt.date(2027, 10, 6)), "after its end"


def test_a_trip_that_runs_by_frequency_becomes_one_trip_a_departure(tmp_path: Path) -> None:
    rows = "trip_id,start_time,end_time,headway_secs\nt1,08:00:30,08:30:30,600\n"
    trips = import_gtfs(_write(tmp_path, frequencies=rows)).timetable.trips
    assert sorted(trips) == ["t1#28830", "t1#29430", "t1#30030", "t2"]
    assert trips["t1#29430"].calls[-1].arrival == 29_430.0 + 600.0


@pytest.mark.parametrize(
    ("table", "text", "detail"),
    [
        ("stop_times", TABLES["stop_times.txt"].replace("B,2", "X,2"), "stop_id 'X' of trip 't1' is not in stops.txt"),
        (
            "stop_times",
            TABLES["stop_times.txt"].replace("08:10:30,08:10:30", "07:10:30,07:10:30"),
            "arrives at stop 'C'",
        ),
        ("stop_times", TABLES["stop_times.txt"].replace("08:00:00,", "8 o'clock,"), "8 o'clock"),
        ("trips", TABLES["trips.txt"].replace("L1,week,t1", "L9,week,t1"), "route_id 'L9' of trip 't1'"),
        ("trips", TABLES["trips.txt"].replace("week,t1", "none,t1"), "service_id 'none' of trip 't1'"),
    ],
)
def test_a_wrong_row_costs_its_trip_alone_and_is_named(tmp_path: Path, table: str, text: str, detail: str) -> None:
    done = import_gtfs(_write(tmp_path, **{table: text}))
    assert set(done.timetable.trips) == {"t2"}
    assert any(detail in finding.detail for finding in done.findings), done.findings


def test_a_stop_off_the_earth_is_named_with_its_line(tmp_path: Path) -> None:
    done = import_gtfs(_write(tmp_path, stops=TABLES["stops.txt"].replace("28.21", "282.1")))
    finding = next(finding for finding in done.findings if finding.file == "stops.txt")
    assert (finding.line, finding.detail) == (3, "stop_lat 282.1 is not from -90 to 90")


def test_trams_are_left_out_and_named(tmp_path: Path) -> None:
    assert any("route_type 0" in finding.detail for finding in import_gtfs(_write(tmp_path)).findings)


@pytest.mark.parametrize(
    ("table", "text", "detail"),
    [
        ("stop_times", "", "stop_times.txt is missing"),
        ("agency", TABLES["agency.txt"].replace("Asia/Shanghai", "Mars/North"), "'Mars/North' is unknown"),
        ("routes", "route_id,route_short_name,route_type\nL1,1,0\n", "no trip can be used"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, table: str, text: str, detail: str
) -> None:
    with pytest.raises(TimetableError, match=detail):
        import_gtfs(_write(tmp_path, **{table: text}))


def test_what_is_no_gtfs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(TimetableError, match=r"x\.zip"):
        import_gtfs(path)
