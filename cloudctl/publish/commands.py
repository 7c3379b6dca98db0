"""Commands of the gateway to the engine, and what the engine replies.

They travel on `V2X/CLOUD/COMMAND/{kind}` and `V2X/CLOUD/COMMAND/REPLY` at QoS 1, where only the platform may write.
At least once is enough: a command carries an id of its own, and a repeated id gets the reply it got before.
"""

from enum import StrEnum

import msgspec

from ingest.streams import BY_NAME

REPLY_TOPIC = BY_NAME["command_reply"].topic
COMMAND_FILTER = BY_NAME["command"].subscription
REPLY_KIND = "REPLY"
"""The one word that is no kind of command: replies travel there."""


class CommandStatus(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"
    """The engine understood and will not: unknown kind, wrong content, too late, not possible now."""
    FAILED = "failed"
    """The engine tried and could not."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command. `time` and `expires` are UTC epoch s; after `expires` the engine refuses it."""

    id: str
    kind: str
    issued_by: str
    """Id of the account in whose name it is given."""
    time: float
    expires: float
    content: dict[str, object] = {}


class CommandReply(msgspec.Struct, frozen=True, kw_only=True):
    """Reply to the command with this id."""

    id: str
    status: CommandStatus
    detail: str = ""
    """One sentence for a person."""
    content: dict[str, object] = {}


def command_topic(kind: str) -> str:
    """Topic on which commands of a kind travel."""
    return BY_NAME["command"].topic_of(kind)
