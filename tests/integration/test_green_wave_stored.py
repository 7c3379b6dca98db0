"""Green-wave plans for the flows that the database holds of a period."""

from pathlib import Path
from typing import Any

import psycopg
from history_gateway import NETWORK, Api, at, running_api
from store_frames import NOON

NAMES = [str(name) for name in NETWORK.signals.id[:2]]
PERIOD = {"start": at(0), "end": at(7200)}


async def plan(api: Api, status: int = 200, **wanted: object) -> Any:
    body = {"signals": NAMES} | PERIOD | wanted
    answer = await api.client.post("/api/v1/green-wave-plans", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_stored_flows_are_the_links_mean_and_the_share_that_drove_on(plain_database: str, tmp_path: Path) -> None:
    async with running_api(plain_database, tmp_path, filled=True) as api:
        refused = await plan(api, 409)
        assert refused["detail"].startswith("no flow is known for ")
        approaches = [NETWORK.link_rows[name] for name in refused["detail"].rpartition(" for ")[2].split(", ")]
        with psycopg.connect(plain_database, autocommit=True) as connection:
            for link in approaches:
                for quarter, flow in ((0, 400.0), (1, 500.0), (8, 9000.0)):  # the last one lies behind the period
                    connection.execute(
                        "INSERT INTO v2x.link_quarter VALUES (to_timestamp(%s), %s, 0, NULL, NULL, %s, 0, 1)",
                        (NOON + quarter * 900, link, flow),
                    )
        whole = await plan(api)
        assert whole["flows"] == "stored"
        assert whole["signals"][1]["out"]["flow"] == whole["signals"][0]["back"]["flow"] == 450.0
        ahead = NETWORK.link_rows[whole["signals"][1]["out"]["link"]]
        moves = NETWORK.lanes.link[NETWORK.connections.to_lane], NETWORK.lanes.link[NETWORK.connections.from_lane]
        onward = {int(to) for to, begin in zip(*moves, strict=True) if begin == ahead}
        with psycopg.connect(plain_database, autocommit=True) as connection:
            for place, link in enumerate(sorted(onward)):
                connection.execute(
                    "INSERT INTO v2x.movement_hour VALUES (to_timestamp(%s), %s, %s, %s)",
                    (NOON, ahead, link, 30 * (place + 1)),
                )
        shares = {
            450.0 * 30 * (place + 1) / sum(30 * (n + 1) for n in range(len(onward))) for place in range(len(onward))
        }
        turned = (await plan(api))["signals"]
        assert any(abs(turned[1]["out"]["flow"] - share) < 0.1 for share in shares)
        assert turned[0]["back"]["flow"] == 450.0
