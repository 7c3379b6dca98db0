"""The register in PostgreSQL and in TimescaleDB: records, groups, deliveries, refused messages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from cloudctl.database import Database
from cloudctl.devices import register as register_module
from cloudctl.devices.delivery import DeliveryKind, DeliveryOrder, DeliveryStatus
from cloudctl.devices.delivery_store import MOST_ORDERS, Deliveries, etag_of
from cloudctl.devices.errors import (
    DeviceConflictError,
    RegisterDownError,
    UnknownDeviceError,
    UnknownGroupError,
    UnknownRevisionError,
)
from cloudctl.devices.groups import Groups
from cloudctl.devices.letters import LetterFilter, Letters
from cloudctl.devices.record import CoordinateSystem, DeviceRecord, DeviceStatus, DeviceType
from cloudctl.devices.register import DeviceFilter, Register
from cloudctl.devices.starting import REGISTER

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
CONFIG, MAP, MANAGEMENT = DeliveryKind.CONFIG, DeliveryKind.MAP, DeliveryKind.MANAGEMENT


@pytest.fixture
async def database(store_database: str) -> AsyncIterator[Database]:
    database = Database(store_database, REGISTER)
    await database.open()
    yield database
    await database.close()


def unit(device: str, kind: DeviceType = DeviceType.RSU, **more: object) -> DeviceRecord:
    fields: dict[str, object] = {"status": DeviceStatus.APPROVED, **more}
    return DeviceRecord(id=device, kind=kind, **fields)  # type: ignore[arg-type]  # fields by name


async def age(store_database: str, seconds: float) -> None:
    """Let all deliveries be as old as this."""
    async with await psycopg.AsyncConnection.connect(store_database, autocommit=True) as connection:
        await connection.execute(
            "UPDATE v2x.device_delivery SET updated = updated - make_interval(secs => %s)", (seconds,)
        )


async def test_the_register_is_written_in_a_role_that_may_write_nothing_else(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await transaction.scalars("SELECT current_user::text") == ["v2x_device_writer"]
    for statement in (
        "DELETE FROM v2x.device_register",
        "SELECT * FROM v2x.trajectory",
        "UPDATE v2x.device_revision SET kind = 'map'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction() as transaction:
                await transaction.run(statement)


async def test_a_record_comes_back_as_it_was_written_and_every_change_counts(database: Database) -> None:
    register = Register(database)
    await register.add(unit("POLE1", DeviceType.LIGHT_POLE))
    written = unit(
        "CAM1", DeviceType.CAMERA, name="摄像机", parent="POLE1", lon=112.9, lat=28.2, elevation=44.0,
        coordinate_system=CoordinateSystem.GCJ02, organisation="o", district="岳麓", lawful_basis="b",
        nominal_rates={"rsu_rsm": 5.0}, approved_by="li",
    )  # fmt: skip
    stored = await register.add(written)
    assert stored.approved_at is not None
    for name in ("name", "parent", "lon", "lat", "elevation", "coordinate_system", "district", "nominal_rates"):
        assert getattr(stored, name) == getattr(written, name)
    edited = await register.edit("CAM1", {"name": None, "nominal_rates": {}})
    assert (edited.name, edited.nominal_rates, edited.revision) == (None, {}, stored.revision + 1)
    assert [each.id for each in await register.list_devices(DeviceFilter(parent="POLE1"))] == ["CAM1"]
    assert [each.id for each in await register.list_devices(DeviceFilter(), after="CAM1", limit=1)] == ["POLE1"]


async def test_what_cannot_be_is_refused_and_named(database: Database) -> None:
    register = Register(database)
    await register.add(unit("R1"))
    with pytest.raises(DeviceConflictError, match="R1"):
        await register.add(unit("R1"))
    with pytest.raises(UnknownDeviceError, match="nowhere"):
        await register.add(unit("R2", parent="nowhere"))
    with pytest.raises(UnknownDeviceError, match="nowhere"):
        await register.edit("R1", {"parent": "nowhere"})
    with pytest.raises(DeviceConflictError, match="R1"):
        await register.edit("R1", {"parent": "R1"})
    with pytest.raises(UnknownDeviceError):
        await register.set_status("R3", DeviceStatus.APPROVED, "li")
    await register.set_status("R1", DeviceStatus.RETIRED, "li")
    with pytest.raises(DeviceConflictError, match="retired"):
        await register.set_status("R1", DeviceStatus.APPROVED, "li")


async def test_unknown_devices_are_listed_once_and_a_flood_goes_no_further(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_module, "MOST_PENDING", 3)
    register = Register(database)
    found = [(f"R{number}", DeviceType.RSU, None, None) for number in range(5)]
    first = await register.add_unknown(found[:2], DeviceStatus.PENDING, None)
    again = await register.add_unknown(found, DeviceStatus.PENDING, None)
    assert [each.id for each in first] == ["R0", "R1"]
    assert again == []
    more = await register.add_unknown(found[2:], DeviceStatus.PENDING, None)
    assert [each.id for each in more] == ["R2"]


async def test_the_newest_saying_of_a_device_is_kept(database: Database) -> None:
    register = Register(database)
    await register.add(unit("R1"))
    await register.note_said("R1", "info", {"version": "v2"}, 20.0)
    await register.note_said("R1", "info", {"version": "v1"}, 10.0)
    await register.note_said("R1", "running_info", {"cpu": 1}, 30.0)
    await register.note_said("unheard", "info", {}, 10.0)
    said = await register.said("R1")
    assert (said.info, said.info_at) == ({"version": "v2"}, 20.0)
    assert (said.base_info, said.running_info_at) == (None, 30.0)


async def test_what_a_unit_says_of_its_signal_controller_stands_in_its_record(database: Database) -> None:
    register = Register(database)
    assert (await register.add(unit("R1"))).signal_control is None
    await register.note_said("R1", "info", {"signalControl": "stages"}, 10.0)
    assert (await register.get("R1")).signal_control == "stages"
    assert (await register.list_all())["R1"].signal_control == "stages"
    await register.note_said("R1", "info", {"version": "v2"}, 20.0)
    assert (await register.get("R1")).signal_control is None


async def test_groups_have_members_and_go_without_them(database: Database) -> None:
    register, groups = Register(database), Groups(database)
    await register.add(unit("R1"))
    await groups.add("west", "西", "", "li")
    await groups.join("west", "R1")
    await groups.join("west", "R1")
    assert (await groups.get("west")).devices == ["R1"]
    assert (await register.get("R1")).groups == ["west"]
    assert [each.id for each in await register.list_devices(DeviceFilter(group="west"))] == ["R1"]
    with pytest.raises(UnknownDeviceError):
        await groups.join("west", "R9")
    with pytest.raises(DeviceConflictError):
        await groups.add("west", "again", "", "li")
    assert (await groups.edit("west", "W", None)).name == "W"
    await groups.leave("west", "R1")
    await groups.remove("west")
    with pytest.raises(UnknownGroupError):
        await groups.get("west")


def test_equal_maps_have_the_same_etag_in_whatever_order() -> None:
    assert etag_of({"a": 1, "b": [1, 2]}) == etag_of({"b": [1, 2], "a": 1})
    assert etag_of({"b": [2, 1], "a": 1}) != etag_of({"b": [1, 2], "a": 1})


async def test_orders_go_one_after_the_other_and_a_newer_one_takes_the_place_of_one_that_waits(
    database: Database,
) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    revisions = [await deliveries.add_revision(CONFIG, {"number": number}, "li") for number in range(3)]
    (first,) = await deliveries.queue(revisions[0], ["R1"])
    assert [order.content for order in await deliveries.take_due()] == [{"number": 0}]
    await deliveries.queue(revisions[1], ["R1"])
    (last,) = await deliveries.queue(revisions[2], ["R1"])
    assert await deliveries.take_due() == []
    await deliveries.note(first.id, "R1", DeliveryStatus.ACKNOWLEDGED, "")
    assert await deliveries.take_due() == [
        DeliveryOrder(delivery=last.id, device="R1", kind=CONFIG, content={"number": 2})
    ]
    listed = await deliveries.list_of_device("R1")
    assert [each.status for each in listed] == ["sent", "superseded", "acknowledged"]


async def test_a_map_the_device_has_is_not_sent_again(database: Database) -> None:
    register, deliveries = Register(database), Deliveries(database)
    for name in ("R1", "R2"):
        await register.add(unit(name))
    revision = await deliveries.add_revision(MAP, {"nodes": []}, "li", map_slice="s")
    assert (await deliveries.add_revision(MAP, {"nodes": []}, "wang")).revision == revision.revision
    (sent,) = await deliveries.queue(revision, ["R1"])
    await deliveries.take_due()
    await deliveries.note(sent.id, "R1", DeliveryStatus.ACKNOWLEDGED, "")
    assert (await register.get("R1")).map_etag == revision.etag == etag_of({"nodes": []})
    queued = await deliveries.queue(revision, ["R1", "R2"])
    assert [each.status for each in queued] == ["present", "queued"]
    assert [order.device for order in await deliveries.take_due()] == ["R2"]
    with pytest.raises(UnknownRevisionError):
        await deliveries.map_of("0" * 16)


async def test_an_order_the_engine_fell_silent_about_is_given_again_until_it_has_failed(
    database: Database, store_database: str
) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    await deliveries.queue(await deliveries.add_revision(CONFIG, {}, "li"), ["R1"])
    for _ in range(MOST_ORDERS):
        assert len(await deliveries.take_due()) == 1
        assert await deliveries.take_due() == []
        await age(store_database, 31)
    assert await deliveries.take_due() == []
    assert (await deliveries.list_of_device("R1"))[0].status == "failed"


async def test_a_management_order_is_given_once_and_one_that_could_not_be_given_waits(
    database: Database, store_database: str
) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    (queued,) = await deliveries.queue(await deliveries.add_revision(MANAGEMENT, {}, "li"), ["R1"])
    assert len(await deliveries.take_due()) == 1
    await deliveries.give_back(queued.id, "no answer")
    assert len(await deliveries.take_due()) == 1
    await age(store_database, 500)
    assert await deliveries.take_due() == []
    with pytest.raises(UnknownDeviceError):
        await deliveries.queue(await deliveries.revision(queued.revision), ["R9"])


async def test_what_the_engine_could_not_be_told_of_does_not_count_as_given(database: Database) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    (queued,) = await deliveries.queue(await deliveries.add_revision(CONFIG, {}, "li"), ["R1"])
    for _ in range(2):
        assert len(await deliveries.take_due()) == 1
        await deliveries.give_back(queued.id, "no answer")
    assert len(await deliveries.take_due()) == 1
    assert (await deliveries.list_of_device("R1"))[0].orders == 1


async def test_what_is_said_of_a_delivery_counts_for_its_own_device_while_it_is_open(database: Database) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    (queued,) = await deliveries.queue(await deliveries.add_revision(CONFIG, {}, "li"), ["R1"])
    await deliveries.take_due()
    seen = []
    for device, status in (("R2", "acknowledged"), ("R1", "acknowledged"), ("R1", "failed")):
        await deliveries.note(queued.id, device, DeliveryStatus(status), "")
        seen.append((await deliveries.list_of_device("R1"))[0].status)
    assert seen == ["sent", "acknowledged", "acknowledged"]


async def test_a_device_that_is_back_is_sent_its_newest_configuration_and_map_again_but_not_for_ever(
    database: Database,
) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    queued = [
        (await deliveries.queue(await deliveries.add_revision(kind, {"n": number}, "li"), ["R1"]))[0]
        for number, kind in enumerate((CONFIG, MAP, MANAGEMENT))
    ]
    for turn in range(MOST_ORDERS):
        assert len(await deliveries.take_due()) == (3 if turn == 0 else 2)
        for each in queued:
            await deliveries.note(each.id, "R1", DeliveryStatus.CONNECTION_ABNORMAL, "")
        assert await deliveries.send_again(["R9"]) == 0
        assert await deliveries.send_again(["R1", "R9"]) == (2 if turn < MOST_ORDERS - 1 else 0)
    assert [each.status for each in await deliveries.list_of_device("R1")] == ["connection_abnormal"] * 3


async def test_a_configuration_that_a_newer_one_followed_is_not_sent_again(database: Database) -> None:
    register, deliveries = Register(database), Deliveries(database)
    await register.add(unit("R1"))
    (old,) = await deliveries.queue(await deliveries.add_revision(CONFIG, {"n": 1}, "li"), ["R1"])
    await deliveries.take_due()
    await deliveries.note(old.id, "R1", DeliveryStatus.CONNECTION_ABNORMAL, "")
    await deliveries.queue(await deliveries.add_revision(CONFIG, {"n": 2}, "li"), ["R1"])
    assert await deliveries.send_again(["R1"]) == 0
    assert [order.content for order in await deliveries.take_due()] == [{"n": 2}]


async def test_an_id_is_one_device_whatever_its_kind(database: Database) -> None:
    register = Register(database)
    await register.add(unit("R1"))
    with pytest.raises(DeviceConflictError, match="R1"):
        await register.add(unit("R1", DeviceType.RADAR))
    assert await register.add_unknown([("R1", DeviceType.RADAR, None, None)], DeviceStatus.PENDING, None) == []
    assert (await register.get("R1")).kind is DeviceType.RSU


LETTERS = [
    ("V2X/RSU/RSU00010/RSM/UP", "out_of_range", b"{}", "RSU00010"),
    ("V2X/RSU/RSU00010/RSI/DOWN/ACK", "wrong_type", b"{}", "RSU00010"),
    ("V2X/RSU/HB/UP", "wrong_type", b'{"rsuEsn": "R7", "x": \xff}', "R7"),
    ("V2X/RSU/HB/UP", "not_json", b"\xff\x00", None),
    ("V2X.RSU.BSM.UP", "not_envelope", b"RSU00010\x00\x01", "RSU00010"),
    ("V2X.RSU.MAP.UP", "not_envelope", b"R20\x00\x00\x00\x00\x00\x01", "R20"),
    ("v2x/v1/rsu/ESN1/bsm/up", "missing_field", b"{}", "ESN1"),
    ("V2X/OBU/CAR1/BSM/UP", "out_of_range", b"{}", "CAR1"),
]


@pytest.fixture
def letters(database: Database, store_database: str) -> Letters:
    with psycopg.connect(store_database) as connection:
        connection.execute("SELECT v2x.ensure_partitions(%s, %s)", (NOON.date(), NOON.date()))
        for number, (topic, reason, payload, _) in enumerate(LETTERS):
            connection.execute(
                "INSERT INTO v2x.dead_letter (t, topic, reason, detail, payload) VALUES (%s, %s, %s, 'why', %s)",
                (NOON + timedelta(seconds=number // 2), topic, reason, payload),
            )
    return Letters(database)


def within(**more: str) -> LetterFilter:
    return LetterFilter(NOON.timestamp() - 1, NOON.timestamp() + 60, **more)


async def test_refused_messages_name_their_device_by_topic_payload_or_envelope(letters: Letters) -> None:
    found = {(each.topic, each.reason): each.device for each in await letters.list_letters(within())}
    assert found == {(topic, reason): device for topic, reason, _, device in LETTERS}


async def test_pages_of_refused_messages_give_each_once_newest_first(letters: Letters) -> None:
    seen: list[tuple[int, str]] = []
    before = None
    while page := await letters.list_letters(within(), before, 3):
        seen += [(each.time_us, each.key) for each in page]
        before = seen[-1]
    assert len(seen) == len(set(seen)) == len(LETTERS)
    assert seen == sorted(seen, reverse=True)


async def test_refused_messages_are_filtered_found_and_counted(letters: Letters) -> None:
    assert len(await letters.list_letters(within(device="RSU00010"))) == 3
    assert len(await letters.list_letters(within(device="RSU00010", reason="wrong_type"))) == 1
    assert len(await letters.list_letters(within(topic="V2X/RSU/HB/UP"))) == 2
    assert await letters.list_letters(LetterFilter(0.0, NOON.timestamp())) == []
    (envelope,) = await letters.list_letters(within(device="R20"))
    whole = await letters.find(envelope.time_us, envelope.key)
    assert whole is not None
    assert (whole.letter, whole.payload) == (envelope, LETTERS[5][2])
    assert await letters.find(envelope.time_us, "0" * 16) is None
    counts = {(each.device, each.reason): each.letters for each in await letters.count(within())}
    assert counts["RSU00010", "wrong_type"] == 1
    assert sum(counts.values()) == len(LETTERS)


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_is_not_there_is_said_to_be_not_there() -> None:
    database = Database("postgresql://127.0.0.1:1/none", REGISTER)
    await database.open()
    try:
        with pytest.raises(RegisterDownError):
            await Register(database).list_all()
    finally:
        await database.close()
