"""Run all tests in less time than one by one: two pytest processes at once, and then what wants a quiet machine.

One of the two waits a lot for brokers, databases and engines while the other computes. Whole demos come last, alone.
Every line says which process it is from. Arguments go to all. The exit code is 0 only where all pass.
"""

import subprocess
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).parent
WAITING, QUIET = "integration", "scenario"
NOTHING_COLLECTED = 5


def rounds() -> list[dict[str, list[str]]]:
    """Folders of tests by process, those of one round at once; a new folder belongs to those that compute."""
    folders = sorted({path.parent.name for path in TESTS.glob("*/test_*.py")} - {WAITING, QUIET})
    return [{"waiting": [WAITING], "busy": folders}, {"quiet": [QUIET]}]


class Run:
    """One pytest process, whose lines are printed as they come."""

    def __init__(self, name: str, folders: list[str], arguments: list[str]) -> None:
        self._name = name
        self._began = time.monotonic()
        self._say(f"tests/{' tests/'.join(folders)}")
        command = [sys.executable, "-m", "pytest", "-o", f"cache_dir=.pytest_cache/{name}", *arguments]
        self._process = subprocess.Popen(
            [*command, *(f"tests/{folder}" for folder in folders)],
            cwd=TESTS.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._printer = threading.Thread(target=self._print)
        self._printer.start()

    def wait(self) -> int:
        """Wait for its end; give its exit code."""
        code = self._process.wait()
        self._printer.join()
        what = "passed" if code == 0 else "nothing to do" if code == NOTHING_COLLECTED else "FAILED"
        self._say(f"{what} after {time.monotonic() - self._began:.0f} s")
        return code

    def _print(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as lines:
                for line in lines:
                    self._say(line.rstrip("\n"))

    def _say(self, line: str) -> None:
        sys.stdout.write(f"{self._name:7} | {line}\n")
        sys.stdout.flush()


def verdict(codes: list[int]) -> int:
    """Give the exit code of all; a choice such as -k may leave nothing to one of them, but not to each."""
    told = [code for code in codes if code != NOTHING_COLLECTED] or [NOTHING_COLLECTED]
    return next((code for code in told if code), 0)


def main(arguments: list[str]) -> int:
    """Run all; give the exit code."""
    codes: list[int] = []
    for each in rounds():
        runs = [Run(name, folders, arguments) for name, folders in each.items()]
        try:
            codes += [run.wait() for run in runs]
        except KeyboardInterrupt:  # the processes were interrupted as well
            return max(run.wait() for run in runs)
    return verdict(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
