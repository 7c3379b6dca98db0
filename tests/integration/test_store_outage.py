"""A database that is stopped while the gateway runs: questions say so, and are answered again when it is back."""

import asyncio
from pathlib import Path

import pytest
from history_gateway import APPROACH, SIGNAL, SPAN, Api, running_api
from store_frames import NOON
from store_servers import plain_server, schema_database

from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.errors import DatabaseError
from cloudctl.store.errors import StoreDownError

QUESTIONS = (
    "history/tracks", "history/incidents", f"history/links/{APPROACH}/sums", f"history/signals/{SIGNAL}/transitions",
    "exports/states", "observation-switches",
)  # fmt: skip
PATIENCE = 20.0


async def asked(api: Api, path: str) -> tuple[int, str]:
    answer = await api.client.get(f"/api/v1/{path}", params=SPAN | {"purpose": "a test"})
    content_type = answer.headers["content-type"]
    return answer.status_code, answer.json()["title"] if content_type == "application/problem+json" else ""


async def all_answered(api: Api) -> bool:
    return all([(await asked(api, path))[0] == 200 for path in QUESTIONS])


async def test_a_stopped_database_is_a_problem_503_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plain_server() as server, schema_database(server.url) as url:
        async with running_api(url, tmp_path, filled=True) as api:
            assert await all_answered(api)
            store = store_of(api)
            with monkeypatch.context() as patch:
                patch.setattr(store, "reachable", lambda: asyncio.sleep(0, result=True))  # not noticed yet
                await asyncio.to_thread(server.stop)
                for path in QUESTIONS:
                    assert await asked(api, path) == (503, "No history"), path
                with pytest.raises(StoreDownError, match="does not answer"):
                    await store.questions.copied("SELECT 1", ())
                with pytest.raises(StoreDownError, match="does not answer"):
                    await store.switches.put("RSU1", NOON, 60, "user:1", "a test")
                store._answers = True
                with pytest.raises(DatabaseError):
                    await store.list_trail(1, NOON, NOON + 1, 5)
            async with asyncio.timeout(PATIENCE):
                while await store.reachable():
                    await asyncio.sleep(0.05)
            assert await asked(api, QUESTIONS[0]) == (503, "No history")
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(PATIENCE):
                while not await all_answered(api):
                    await asyncio.sleep(0.1)


def store_of(api: Api) -> StoredHistory:
    services: Services = api.client._transport.app.state.services  # type: ignore[attr-defined]  # ASGI
    assert services.store is not None
    return services.store
