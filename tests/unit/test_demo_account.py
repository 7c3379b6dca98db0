"""The account of a demo: nothing counts as arrived that is still on the way, nothing as lost that was withheld."""

from pathlib import Path

import msgspec

from cloudctl.demo_monitor import Health, HealthMonitor, QuietWatch
from cloudctl.demo_report import figures, read_devices

DEVICES = {
    "sent_by_devices": 10,
    "telemetry": {"sent": 0, "shed": 0},
    "event": {"sent": 10, "acknowledged": 10},
    "streams": {"obu_vir": {"class": "event", "sent": 10, "acknowledged": 10, "repeated": 1}},
    "advisories": {},
    "connections": {},
    "refusals": {},
}


def account(time: float, spooled: int, *, pid: int = 1, waiting: int = 0, ready: bool = True) -> Health:
    """What the archiver says of itself."""
    counters: dict[str, float] = {"events_spooled": spooled, "spool_events_waiting": waiting}
    return Health("archiver", pid, time, ready, counters)


def test_it_is_quiet_when_an_archiver_says_so_twice_and_far_enough_apart() -> None:
    watch = QuietWatch(100.0, quiet=2.5)
    assert not watch.is_quiet(None)
    assert not watch.is_quiet(account(99.0, 7)), "an account from before"
    assert not watch.is_quiet(account(101.0, 7))
    assert not watch.is_quiet(account(101.0, 7)), "the same account again proves nothing"
    assert not watch.is_quiet(account(103.0, 7))
    assert watch.is_quiet(account(103.5, 7))


def test_it_is_not_quiet_while_events_come_wait_or_the_archiver_is_starting_again() -> None:
    watch = QuietWatch(100.0, quiet=2.5)
    assert not watch.is_quiet(account(101.0, 7))
    assert not watch.is_quiet(account(104.0, 8)), "one has come"
    assert not watch.is_quiet(account(107.0, 8, waiting=1)), "one is not in the database"
    assert not watch.is_quiet(account(107.0, 8, ready=False)), "the broker may hold more"
    assert not watch.is_quiet(account(108.0, 8, pid=2)), "another life has its own while"
    assert watch.is_quiet(account(110.5, 8, pid=2))


def test_an_event_is_lost_when_it_was_acknowledged_and_neither_stored_nor_withheld(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    path.write_bytes(msgspec.json.encode(DEVICES))
    devices, monitor = read_devices(path), HealthMonitor("mqtt://127.0.0.1:1", 0.0)
    assert figures(monitor, devices, {"obu_vir": 6}, {"obu_vir": 3})["lost"] == 0, "one was a repetition"
    assert figures(monitor, devices, {"obu_vir": 6}, {"obu_vir": 2})["lost"] == 1
    assert figures(monitor, devices, {"obu_vir": 6}, {"rsu_info": 3})["lost"] == 3, "every stream for itself"
