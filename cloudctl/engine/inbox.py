"""Where a message of the gateway goes: kept states by topic, entries of the register, commands."""

from collections.abc import Callable, Mapping, Sequence

from cloudctl.engine.admission import Admission
from cloudctl.engine.commands import CommandDesk
from cloudctl.publish.commands import REPLY_TOPIC
from cloudctl.publish.outgoing import Outgoing
from ingest.raw_message import RawMessage
from ingest.streams import BY_NAME

REGISTER_PREFIX = BY_NAME["device_register"].topic_of("")


class Inbox:
    """Hands each message to the part that it is for."""

    def __init__(
        self, commands: CommandDesk, admission: Admission, states: Mapping[str, Callable[[RawMessage], object]]
    ) -> None:
        """`states` take what the gateway keeps for the engine, by topic."""
        self._commands, self._admission, self._states = commands, admission, states

    def take(self, messages: Sequence[RawMessage]) -> list[Outgoing]:
        """Hand out messages in order; gives the replies to commands."""
        out: list[Outgoing] = []
        for message in messages:
            state = self._states.get(message.topic)
            if state is not None:
                state(message)
            elif message.topic.startswith(REGISTER_PREFIX):
                self._admission.take(message.payload)
            elif message.topic != REPLY_TOPIC:
                out += self._commands.handle(message.payload, message.received)
        return out
