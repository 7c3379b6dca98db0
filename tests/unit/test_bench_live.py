"""Questions to a running gateway: what counts, what ends the measurement, and that a demo that cannot start is said."""

from pathlib import Path

import httpx
import pytest

from cloudctl.commands import bench_live
from cloudctl.commands.bench_live import GOALS_MS, _ask, _gateway, _questions
from cloudctl.errors import CloudctlError

STOPS = {"items": [{"id": f"S{number}", "lon": 112.9 + 0.01 * number, "lat": 28.2} for number in range(4)]}
LINES = {"items": [{"id": "12"}, {"id": "5"}]}
ASKED = ["/api/v1/transit/stops/S", "/api/v1/transit/advice?line=", "/api/v1/routes?from=", "/api/v1/journeys/plan"]


class Gateway(httpx.BaseTransport):
    """Answers every question, and keeps what was asked."""

    def __init__(self, refused: str = "") -> None:
        self.asked: list[str] = []
        self._refused = refused

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.asked.append(path)
        if self._refused and path.startswith(self._refused):
            return httpx.Response(404, request=request)
        known = {"/api/v1/transit/stops": STOPS, "/api/v1/transit/lines": LINES}
        return httpx.Response(200, json=known.get(path, {}), request=request)


def asked(gateway: Gateway) -> list[list[object]]:
    with httpx.Client(base_url="http://here", transport=gateway) as client:
        return _ask(_questions(client), 0.2)


def test_all_kinds_of_questions_take_turns_and_the_first_of_each_counts_apart() -> None:
    gateway = Gateway()
    rows = asked(gateway)
    assert [row[0] for row in rows] == list(GOALS_MS)
    questions = gateway.asked[2:]
    assert [sum(path.startswith(start) for path in questions[:8]) for start in ASKED] == [2, 2, 2, 2]
    assert [row[1] for row in rows] == [sum(path.startswith(start) for path in questions) - 1 for start in ASKED]


def test_an_answer_that_is_none_ends_the_measurement_and_is_named() -> None:
    with pytest.raises(CloudctlError, match="route: 404"):
        asked(Gateway("/api/v1/routes"))


def test_a_demo_that_cannot_start_is_said_with_its_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_live, "PATIENCE", 60.0)
    (tmp_path / "taken").write_text("a file where the folder of the demo should be")
    with pytest.raises(CloudctlError, match="did not start"), _gateway(None, 1.0, tmp_path / "taken"):
        pass
