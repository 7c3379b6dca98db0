"""Commands at the engine: one reply each, once carried out, and never a fault that comes back for ever."""

import msgspec
import pytest

from cloudctl.engine.commands import CommandDesk, Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import REPLY_TOPIC, Command, CommandReply, CommandStatus
from cloudctl.publish.outgoing import Outgoing

NOW = 1_763_812_800.0


class Wanted(msgspec.Struct, frozen=True):
    """Content of the command of these tests."""

    level: int


def command(kind: str = "lamp", *, name: str = "c1", content: dict[str, object] | None = None) -> bytes:
    return msgspec.json.encode(
        Command(id=name, kind=kind, issued_by="wang", time=NOW, expires=NOW + 5, content=content or {"level": 3})
    )


def reply_of(messages: list[Outgoing]) -> CommandReply:
    assert messages[-1].topic == REPLY_TOPIC
    return msgspec.json.decode(messages[-1].payload, type=CommandReply)


@pytest.fixture
def levels() -> list[int]:
    return []


@pytest.fixture
def desk(levels: list[int]) -> CommandDesk:
    def lamp(given: Command, now: float) -> Outcome:
        assert now == NOW
        levels.append(content_of(given, Wanted).level)
        return Outcome("lit", {"level": levels[-1]}, [Outgoing("lamp", b"on")])

    def broken(_: Command, __: float) -> Outcome:
        raise ZeroDivisionError("no lamp")

    def stubborn(given: Command, _: float) -> Outcome:
        raise RefusedCommandError(given.kind, "the lamp is under repair")

    desk = CommandDesk()
    for kind, handler in (("lamp", lamp), ("broken", broken), ("stubborn", stubborn)):
        desk.register(kind, handler)
    return desk


def test_a_command_is_carried_out_and_what_it_sends_goes_before_the_reply(desk: CommandDesk, levels: list[int]) -> None:
    messages = desk.handle(command(), NOW)
    assert levels == [3]
    assert [message.topic for message in messages] == ["lamp", REPLY_TOPIC]
    assert reply_of(messages) == CommandReply(id="c1", status=CommandStatus.DONE, detail="lit", content={"level": 3})


def test_a_repeated_id_gets_the_same_reply_and_nothing_is_done_twice(desk: CommandDesk, levels: list[int]) -> None:
    first = reply_of(desk.handle(command(), NOW))
    again = desk.handle(command(content={"level": 9}), NOW)
    assert len(again) == 1
    assert reply_of(again) == first
    assert levels == [3]


def test_a_command_that_comes_after_its_end_is_refused(desk: CommandDesk, levels: list[int]) -> None:
    reply = reply_of(desk.handle(command(), NOW + 7.5))
    assert (reply.status, levels) == (CommandStatus.REFUSED, [])
    assert "2.5 s" in reply.detail


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (command("nothing"), "nothing"),
        (command("stubborn"), "under repair"),
        (command(content={"level": "high"}), "$.level"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(desk: CommandDesk, payload: bytes, words: str) -> None:
    reply = reply_of(desk.handle(payload, NOW))
    assert reply.status is CommandStatus.REFUSED
    assert words in reply.detail


def test_a_fault_of_a_handler_is_a_failed_command_and_the_desk_lives_on(desk: CommandDesk) -> None:
    assert reply_of(desk.handle(command("broken"), NOW)).status is CommandStatus.FAILED
    assert reply_of(desk.handle(command(name="c2"), NOW)).status is CommandStatus.DONE
    assert desk.counts == {"failed": 1, "done": 1}


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"id":"c1"}', b"\xff"])
def test_bytes_that_are_no_command_are_counted_and_get_no_reply(desk: CommandDesk, payload: bytes) -> None:
    assert desk.handle(payload, NOW) == []
    assert desk.counts["unreadable"] == 1


def test_one_kind_has_one_handler(desk: CommandDesk) -> None:
    with pytest.raises(ValueError, match="lamp"):
        desk.register("lamp", lambda _, __: Outcome())
