"""`cloudctl bench transit --demo`: how long questions take at the gateway of a running demo, asked over HTTP.

The demo city runs beside with all its processes on the same machine, or any gateway that is named. Questions of all
kinds take turns on one connection, about stops, lines and places drawn at random; the first of each kind counts apart.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np

from cloudctl.commands.bench_output import show, write
from cloudctl.commands.bench_rig import running_process
from cloudctl.embedded_broker import HOST, free_port
from cloudctl.errors import CloudctlError

GOALS_MS = {"arrivals of one stop": 20.0, "advice of one line": 20.0, "route": 10.0, "trip plan": 150.0}
PAUSE = 0.02
"""Between two questions, s."""
PATIENCE = 600.0
"""For a demo to build its city and to start, s."""
SETTLING = 30.0
"""The city drives in for so long before the first question counts, s."""
LEAST_ASKED = 10
"""Questions of a kind."""
MOST_REFUSED = 0.1
"""Share of the answers: not every two stops have a way between them."""
_Question = Callable[[], httpx.Response]
_Place = tuple[float, float]


def bench_live(out: Path | None, gateway: str | None, seconds: float, data_dir: Path) -> dict[str, object]:
    """Ask for `seconds` at a gateway, or, where none is named, at that of a demo started for it.

    Raises:
        CloudctlError: no gateway answers, no bus runs, or more than a few answers are refusals.
    """
    with _gateway(gateway, seconds, data_dir) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.timeout = httpx.Timeout(60.0)
        _await_buses(client)
        time.sleep(0.0 if gateway else SETTLING)
        rows = _ask(_questions(client), seconds)
    show(f"Questions at {address}", ("question", "asked", "first ms", "p50 ms", "p99 ms", "goal ms"), rows)
    names = ("asked", "first_ms", "p50_ms", "p99_ms", "goal_ms")
    figures: dict[str, object] = {str(row[0]): dict(zip(names, row[1:], strict=True)) for row in rows}
    write({"live_questions": figures}, out)
    return figures


@contextmanager
def _gateway(address: str | None, seconds: float, data_dir: Path) -> Iterator[str]:
    if address is not None:
        yield address
        return
    with TemporaryDirectory() as scratch:
        port = free_port(0)
        argv = [
            sys.executable,
            "-c",
            "from cloudctl.cli import main; main()",
            "demo",
            "--headless",
            "--port",
            str(port),
        ]
        argv += ["--seconds", f"{seconds + 2 * SETTLING:.0f}", "--data-dir", str(data_dir)]
        log = Path(scratch) / "demo.log"
        with running_process(argv, log) as demo:
            address = f"http://{HOST}:{port}"
            until = time.monotonic() + PATIENCE
            while not _is_ready(address):
                if demo.poll() is not None or time.monotonic() > until:
                    said = log.read_text("utf-8", "replace").strip().splitlines()
                    raise CloudctlError(f"the demo did not start: {said[-1] if said else 'it said nothing'}")
                time.sleep(0.5)
            yield address


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _await_buses(client: httpx.Client) -> None:
    until = time.monotonic() + SETTLING
    while not client.get("/api/v1/transit/buses").raise_for_status().json()["items"]:
        if time.monotonic() > until:
            raise CloudctlError(f"no bus is on a line after {SETTLING:g} s")
        time.sleep(0.5)


def _questions(client: httpx.Client) -> dict[str, _Question]:
    """Each draws anew whom it asks about, with a fixed seed."""
    rng = np.random.default_rng(8)
    listed = client.get("/api/v1/transit/stops").raise_for_status().json()["items"]
    lines = [line["id"] for line in client.get("/api/v1/transit/lines").raise_for_status().json()["items"]]
    places: list[_Place] = [(stop["lon"], stop["lat"]) for stop in listed]

    def two() -> tuple[_Place, _Place]:
        first, second = rng.choice(len(places), 2, replace=False).tolist()
        return places[first], places[second]

    def arrivals() -> httpx.Response:
        return client.get(f"/api/v1/transit/stops/{listed[int(rng.integers(len(listed)))]['id']}/arrivals")

    def advice() -> httpx.Response:
        return client.get("/api/v1/transit/advice", params={"line": lines[int(rng.integers(len(lines)))]})

    def route() -> httpx.Response:
        start, goal = two()
        return client.get("/api/v1/routes", params={"from": f"{start[0]},{start[1]}", "to": f"{goal[0]},{goal[1]}"})

    def journey() -> httpx.Response:
        start, goal = ({"lon": lon, "lat": lat} for lon, lat in two())
        return client.post("/api/v1/journeys/plan", json={"start": start, "goal": goal})

    return dict(zip(GOALS_MS, (arrivals, advice, route, journey), strict=True))


def _ask(questions: dict[str, _Question], seconds: float) -> list[list[object]]:
    times: dict[str, list[float]] = {name: [] for name in questions}
    refused: dict[str, list[httpx.Response]] = {name: [] for name in questions}
    until = time.monotonic() + seconds
    for number, name in enumerate(itertools.cycle(questions)):
        started = time.perf_counter()
        answer = questions[name]()
        if answer.is_success:
            times[name].append(1e3 * (time.perf_counter() - started))
        else:
            refused[name].append(answer)
        if time.monotonic() > until and number >= LEAST_ASKED * len(questions):
            break
        time.sleep(PAUSE)
    for name, answers in refused.items():
        if len(answers) > MOST_REFUSED * len(times[name]):
            raise CloudctlError(f"{name}: {answers[0].status_code} from {answers[0].url}")
    return [_row(name, times[name]) for name in questions]


def _row(name: str, times: list[float]) -> list[object]:
    first, *others = times
    p50, p99 = np.quantile(others, (0.5, 0.99)).tolist()
    return [name, len(others), round(first, 2), round(p50, 2), round(p99, 2), GOALS_MS[name]]
