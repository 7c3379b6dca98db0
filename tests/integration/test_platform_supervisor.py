"""The supervisor against real processes."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from cloudctl import supervisor as supervisor_module
from cloudctl.errors import ProcessFailedError
from cloudctl.supervisor import ProcessSpec, Supervisor

SLEEPER = (sys.executable, "-c", "import time\nwhile True: time.sleep(1)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)",
)


async def running_pid(supervisor: Supervisor, name: str, other_than: int | None = None) -> int:
    async with asyncio.timeout(10):
        while True:
            pid = supervisor.processes[name].pid
            if pid is not None and pid != other_than:
                return pid
            await asyncio.sleep(0.02)


async def test_a_killed_process_starts_again_and_is_counted() -> None:
    async with Supervisor() as supervisor:
        supervisor.start(ProcessSpec("sleeper", SLEEPER))
        first = await running_pid(supervisor, "sleeper")
        os.kill(first, signal.SIGKILL)
        second = await running_pid(supervisor, "sleeper", other_than=first)
        assert supervisor.restarts == {"sleeper": 1}
    assert not psutil.pid_exists(second)


async def test_a_process_that_keeps_ending_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE", 0.01)
    async with Supervisor() as supervisor:
        supervisor.start(ProcessSpec("failing", (sys.executable, "-c", "raise SystemExit(3)")))
        with pytest.raises(ProcessFailedError) as caught:
            await asyncio.wait_for(supervisor.failed(), 30)
    assert (caught.value.process, caught.value.code) == ("failing", 3)


async def test_a_process_that_ignores_the_request_to_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "STOP_PATIENCE", 0.3)
    log = tmp_path / "log"
    async with Supervisor() as supervisor:
        supervisor.start(ProcessSpec("stubborn", STUBBORN, log=log))
        pid = await running_pid(supervisor, "stubborn")
        async with asyncio.timeout(10):
            while "up" not in (log.read_text() if log.exists() else ""):
                await asyncio.sleep(0.02)
    assert not psutil.pid_exists(pid)


async def test_no_process_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    child_file = tmp_path / "pid"
    program = f"""
import asyncio, pathlib
from cloudctl.supervisor import ProcessSpec, Supervisor
async def main():
    async with Supervisor() as supervisor:
        supervisor.start(ProcessSpec("sleeper", {SLEEPER!r}))
        while supervisor.processes["sleeper"].pid is None:
            await asyncio.sleep(0.01)
        pathlib.Path({str(child_file)!r}).write_text(str(supervisor.processes["sleeper"].pid))
        await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    async with asyncio.timeout(20):
        while not (child_file.exists() and child_file.read_text()):
            await asyncio.sleep(0.05)
        child = psutil.Process(int(child_file.read_text()))
        parent.kill()
        await parent.wait()
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.05)
