"""The API of personal data on a real database: who may, what is entered first, what comes back."""

import asyncio
import io
import json
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gateway_samples as sample
import httpx
import psycopg
import pytest
from privacy_register import AGREED, BUS, KEY, MemoryAudit, enter_standings
from starlette.requests import HTTPConnection

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.privacy_office import PrivacyOffice, make_office
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.privacy.announcer import Announcer
from cloudctl.privacy.audit_append import append_entry
from cloudctl.privacy.errors import PersonalDataDownError
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.names import Names
from cloudctl.privacy.register import LawfulBasis, Register, Standing, token_of
from cloudctl.settings import BrokerSettings, DatabaseSettings, MapSettings, Settings

LATER = (datetime.now(UTC) + timedelta(days=30)).isoformat()
STANDINGS = {"BUS00001": BUS, "CAR00001": AGREED}


@dataclass
class Door:
    """Lets one actor in, whose roles a test may change."""

    roles: frozenset[Role] = frozenset({Role.DATA_DESK})

    async def identify(self, connection: HTTPConnection) -> Actor | None:
        """Give the actor."""
        del connection
        return Actor("user:1", "one", self.roles)

    async def still_in(self, actor: Actor) -> bool:
        """Keep everybody in."""
        return bool(actor.id)


@dataclass
class Api:
    """The application, what it stands on, and a client."""

    url: str
    client: httpx.AsyncClient
    office: PrivacyOffice
    state: LiveState
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    door: Door = field(default_factory=Door)

    async def send(self, method: str, path: str, status: int, **body: object) -> dict[str, object]:
        """Send a request to a path below /api/v1."""
        answer = await self.client.request(method, f"/api/v1{path}", json=body or None)
        assert answer.status_code == status, answer.text
        found = answer.json()
        return found if isinstance(found, dict) else {"items": found}

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture
async def api(plain_database: str, tmp_path: Path) -> AsyncIterator[Api]:
    enter_standings(plain_database, STANDINGS)
    async with running_api(plain_database, tmp_path) as api:
        yield api


@asynccontextmanager
async def running_api(url: str, folder: Path) -> AsyncIterator[Api]:
    tiles = folder / "base.pmtiles"
    tiles.write_bytes(bytes(64))
    keys = KeyRing(folder / "keys")
    names = Names(keys, time.time)
    state, measures, audit, door = LiveState(names=names), Measures(), MemoryAudit(), Door()
    settings = Settings(
        data_dir=folder,
        map=MapSettings(file=tiles, tiles=tiles),
        database=DatabaseSettings(url=url),
        broker=BrokerSettings(url="mqtt://h:1"),
    )
    office = make_office(settings, names, keys, audit)
    names.register = Register(1, STANDINGS)
    tables = NetworkTables(sample.network())
    history = StoredHistory("postgresql://127.0.0.1:1/none")
    services = Services(
        state, Hub(state, measures), measures, tables, history, Doors(), door, audit=audit, privacy=office
    )
    transport = httpx.ASGITransport(make_app(services, tiles), raise_app_exceptions=False)
    running = asyncio.create_task(office.desk.run())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield Api(url, client, office, state, audit, door)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_consent_is_entered_read_and_ended_by_purpose(api: Api) -> None:
    path = "/privacy/subjects/CAR00007"
    await api.send("GET", path, 404)
    made = await api.send(
        "POST", f"{path}/consents", 201, purposes=["live_identified", "research"], until=LATER, evidence="form 7"
    )
    assert [item["purpose"] for item in made["items"]] == ["live_identified", "research"]  # type: ignore[attr-defined]
    subject = await api.send("GET", path, 200)
    assert (subject["live_identified"], subject["stored"]) == (True, False)
    number = made["items"][0]["id"]  # type: ignore[index]
    ended = await api.send("DELETE", f"/privacy/consents/{number}", 200)
    assert ended["withdrawal"] is None
    assert (await api.send("GET", path, 200))["live_identified"] is False
    await api.send("DELETE", f"/privacy/consents/{number}", 404)


async def test_the_end_of_a_consent_to_storage_erases_what_is_stored_and_keeps_the_rest(api: Api) -> None:
    number = api.rows("SELECT id FROM v2x_private.consent WHERE purpose = 'storage'")[0][0]
    ended = await api.send("DELETE", f"/privacy/consents/{number}", 200)
    assert ended["withdrawal"] is not None
    assert api.rows("SELECT scope, subject FROM v2x_private.withdrawal") == [("storage", "CAR00001")]
    subject = await api.send("GET", "/privacy/subjects/CAR00001", 200)
    assert (subject["live_identified"], subject["stored"]) == (True, False)


@pytest.mark.parametrize(
    ("until", "purposes"),
    [
        ("2020-01-01T00:00:00Z", ["storage"]),
        ("2099-01-01T00:00:00Z", ["storage"]),
        ("2027-01-01T00:00:00", ["storage"]),
        (LATER, []),
        (LATER, ["everything"]),
    ],
)
async def test_a_consent_has_an_end_that_comes_and_a_purpose_that_is_known(
    api: Api, until: str, purposes: list[str]
) -> None:
    path = "/privacy/subjects/CAR00007/consents"
    await api.send("POST", path, 422, purposes=purposes, until=until, evidence="form 7")
    assert api.rows("SELECT 1 FROM v2x_private.basis WHERE subject = 'CAR00007'") == []


@pytest.mark.parametrize("name", ["abcd", "CAR 01", "A1", "x" * 65 + "1", "CAR'01", 'CAR"01'])
async def test_a_name_that_no_vehicle_can_have_is_refused(api: Api, name: str) -> None:
    await api.send("POST", "/privacy/withdrawals", 422, subject=name)


async def test_a_bus_needs_no_consent_and_cannot_withdraw(api: Api) -> None:
    path = "/privacy/subjects/BUS00001/consents"
    await api.send("POST", path, 409, purposes=["storage"], until=LATER, evidence="form 7")
    await api.send("POST", "/privacy/withdrawals", 409, subject="BUS00001")
    await api.send("POST", "/privacy/withdrawals", 404, subject="CAR00099")


async def test_a_fleet_stands_on_a_contract_and_never_on_consent(api: Api) -> None:
    entered = await api.send(
        "POST", "/privacy/fleets", 201, subjects=["BUS00002", "BUS00003"], kind="contract", note="company 3"
    )
    assert entered == {"entered": 2}
    await api.send("POST", "/privacy/fleets", 422, subjects=["CAR00009"], kind="consent", note="no")
    assert (await api.send("PUT", "/privacy/subjects/BUS00003/basis", 200, kind="none"))["basis"]["kind"] == "none"  # type: ignore[index]


async def test_a_vehicle_that_is_being_forgotten_cannot_be_entered_again_before_that_is_done(api: Api) -> None:
    order = await api.send("POST", "/privacy/withdrawals", 202, subject="CAR00001")
    assert order["step"] == "waiting"
    assert (await api.send("GET", f"/privacy/withdrawals/{order['id']}", 200))["receipt"] is None
    path = "/privacy/subjects/CAR00001/consents"
    await api.send("POST", path, 409, purposes=["storage"], until=LATER, evidence="form 7")
    await api.send("PUT", "/privacy/subjects/CAR00001/basis", 409, kind="contract")
    await api.send("GET", "/privacy/withdrawals/00000000-0000-0000-0000-000000000000", 404)


async def test_nothing_happens_that_could_not_be_entered_in_the_log(api: Api) -> None:
    api.audit.closed = True
    await api.send("POST", "/privacy/withdrawals", 503, subject="CAR00001")
    await api.send("GET", "/privacy/subjects/CAR00001/data", 503)
    await api.send("GET", "/audit", 403)
    assert api.rows("SELECT 1 FROM v2x_private.withdrawal") == []


async def test_every_deed_is_entered_with_who_and_whom(api: Api) -> None:
    await api.send("POST", "/privacy/withdrawals", 202, subject="CAR00001")
    await api.send("PUT", "/privacy/retention/private_event", 200, days=7)
    actions = [(actor, action) for actor, action, _, _ in api.audit.entries]
    assert actions == [("user:1", "withdraw"), ("user:1", "set retention")]
    assert api.audit.entries[0][3]["subject"] == "CAR00001"


async def test_retention_is_listed_and_set_by_class(api: Api) -> None:
    await api.send("PUT", "/privacy/retention/private_event", 200, days=7)
    items = (await api.send("GET", "/privacy/retention", 200))["items"]
    days = {item["name"]: item["days"] for item in items}  # type: ignore[attr-defined]
    assert days["private_event"] == 7
    assert days["private_trajectory"] == 14
    await api.send("PUT", "/privacy/retention/nothing", 404, days=7)
    await api.send("PUT", "/privacy/retention/private_event", 422, days=0)


async def test_a_person_gets_everything_that_is_held_of_the_vehicle(api: Api) -> None:
    data = await api.send("GET", "/privacy/subjects/CAR00001/data", 200)
    assert data["subject"] == "CAR00001"
    assert {item["purpose"] for item in data["parts"]["consents"]} == {"live_identified", "storage"}  # type: ignore[index]
    answer = await api.client.get("/api/v1/privacy/subjects/CAR00001/data?format=zip")
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "purpose" in archive.read("consents.csv").decode()
        assert json.loads(archive.read("data.json"))["subject"] == "CAR00001"
    await api.send("GET", "/privacy/subjects/CAR00099/data", 404)


def _fill(state: LiveState) -> None:
    devices = [
        {"id": "CAR00001", "kind": "obu", "row": 4},
        {"id": "BUS00001", "kind": "obu", "row": 5},
        {"id": "RSU00001", "kind": "rsu", "row": 6},
    ]
    payload = json.dumps({"devices": devices, "epoch": 7}).encode()
    state.accept("V2X/CLOUD/STATE/DEVICES", payload, time.time())
    for vehicle in ("CAR00001", "BUS00001"):
        advisory = Advisory(
            id=f"a-{vehicle[:3]}",
            kind=AdvisoryKind.GLOSA,
            target=f"obu:{vehicle}",
            created=time.time(),
            valid_until=time.time() + 9,
            reason=f"Signal 1 turns for {vehicle}.",
            reason_code="r",
            lon=1.0,
            lat=2.0,
            content={"vehicle": vehicle},
        )
        state.accept("V2X/CLOUD/ADVISORY", json.dumps(_plain(advisory)).encode(), time.time())


def _plain(advisory: Advisory) -> dict[str, object]:
    return {name: getattr(advisory, name) for name in advisory.__struct_fields__}


async def test_private_vehicles_are_masked_wherever_the_api_names_a_vehicle(api: Api) -> None:
    _fill(api.state)
    api.door.roles = frozenset({Role.POLICE_OPERATOR})
    masked = api.office.names.shown("CAR00001")
    devices = (await api.send("GET", "/devices", 200))["items"]
    assert {item["id"] for item in devices} == {masked, "BUS00001", "RSU00001"}  # type: ignore[attr-defined]
    advice = await api.send("GET", "/advisories", 200)
    assert "CAR00001" not in json.dumps(advice)
    assert [item["target"] for item in advice["items"]] == [f"obu:{masked}", "obu:BUS00001"]  # type: ignore[attr-defined]


async def test_unmasking_takes_a_reason_and_a_right_and_ends(api: Api) -> None:
    _fill(api.state)
    masked = api.office.names.shown("CAR00001")
    await api.send("POST", "/privacy/unmask", 422, masked=masked, reason="short")
    await api.send("POST", "/privacy/unmask", 422, reason="hit-and-run 42")
    found = await api.send("POST", "/privacy/unmask", 200, masked=masked, reason="hit-and-run 42")
    assert found["subject"] == "CAR00001"
    assert (await api.send("GET", "/privacy/unmask", 200))["items"] == [found]
    entry = api.audit.entries[-1]
    assert (entry[1], entry[3]["reason"], entry[3]["subject"]) == ("unmask", "hit-and-run 42", "CAR00001")
    await api.send("POST", "/privacy/unmask", 404, track_id=99, reason="hit-and-run 42")
    assert api.audit.entries[-1][3]["given"] is False
    api.door.roles = frozenset({Role.POLICE_VIEWER})
    await api.send("POST", "/privacy/unmask", 403, masked=masked, reason="hit-and-run 42")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DATA_DESK])
async def test_only_the_data_desk_handles_consents(api: Api, role: Role) -> None:
    api.door.roles = frozenset({role})
    await api.send("POST", "/privacy/withdrawals", 403, subject="CAR00001")
    await api.send("GET", "/privacy/subjects/CAR00001", 403)
    assert {action for _, action, _, _ in api.audit.entries} == {"refused"}


async def test_the_auditor_reads_the_log_page_by_page_and_that_is_entered_too(api: Api) -> None:
    with psycopg.connect(api.url) as connection:
        for number in range(5):
            append_entry(connection, f"user:{number % 2}", "look", "tracks", {"n": number})
    api.door.roles = frozenset({Role.AUDITOR})
    first = await api.send("GET", "/audit?limit=3", 200)
    second = await api.send("GET", f"/audit?limit=3&before={first['next']}", 200)
    numbers = [item["seq"] for page in (first, second) for item in page["items"]]  # type: ignore[attr-defined]
    assert numbers == [5, 4, 3, 2, 1]
    assert first["items"][0]["object"] == "tracks"  # type: ignore[index]
    assert second["next"] is None
    own = (await api.send("GET", "/audit?by=user:1", 200))["items"]
    assert [item["detail"] for item in own] == [{"n": 3}, {"n": 1}]  # type: ignore[attr-defined]
    assert [entry[1] for entry in api.audit.entries] == ["read audit"] * 3


async def test_an_expired_consent_to_storage_orders_an_erasure_by_itself(api: Api) -> None:
    with psycopg.connect(api.url) as connection:
        connection.execute(
            "UPDATE v2x_private.consent SET granted = now() - interval '2 days', until = now() - interval '1 day'"
            " WHERE purpose = 'storage'"
        )
    assert await api.office.desk.list_expired() == ["CAR00001"]
    names = api.office.names
    announcer = Announcer("mqtt://h:1", api.office.desk, names, KeyRing(api.office.data_dir), api.audit)
    await announcer._end_expired()
    assert api.rows("SELECT cause, scope FROM v2x_private.withdrawal") == [("expiry", "storage")]
    assert await api.office.desk.list_expired() == []
    assert [entry[0] for entry in api.audit.entries] == ["platform:gateway"]


async def test_a_consent_that_was_renewed_does_not_expire(api: Api) -> None:
    with psycopg.connect(api.url) as connection:
        connection.execute(
            "INSERT INTO v2x_private.consent (subject, purpose, granted, until, entered_by)"
            " SELECT 'CAR00001', 'storage', now() - interval '2 days', now() + days * interval '1 day', 'test'"
            " FROM unnest(ARRAY[-1, -1.5]) days"
        )
    assert await api.office.desk.list_expired() == []
    with psycopg.connect(api.url) as connection:
        connection.execute("DELETE FROM v2x_private.consent WHERE until > now()")
    assert await api.office.desk.list_expired() == ["CAR00001"]


async def test_the_register_counts_its_changes_and_reads_back_what_was_entered(api: Api) -> None:
    before = await api.office.desk.version()
    await api.office.desk.set_basis("CAR00005", LawfulBasis.STATUTORY_DUTY, note="fire brigade", by="user:1")
    register = await api.office.desk.register()
    assert register.version > before
    assert register.standings["CAR00005"] == Standing(LawfulBasis.STATUTORY_DUTY)
    assert token_of(KEY, "CAR00005") in register.message(KEY, 0.0).entries


async def test_a_note_that_the_database_cannot_keep_is_the_senders_fault(api: Api) -> None:
    await api.send("PUT", "/privacy/subjects/CAR00009/basis", 422, kind="contract", note="contract\x00")


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    async with running_api("postgresql://127.0.0.1:1/none", tmp_path) as api:
        await api.send("POST", "/privacy/withdrawals", 503, subject="CAR00001")
        with pytest.raises(PersonalDataDownError):
            await api.office.desk.version()
