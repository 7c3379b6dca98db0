"""The words in which a dialect is described: where each field of a standard message stands in the vendor's JSON.

A dialect file holds one `DIALECT`, and nothing else has to know of it: `catalogue.py` finds it. A form names a topic
and the stream it stands for; its shape is a dict with the standard's field names, whose values are one of

| word | gives |
|---|---|
| `Take(paths, turn, default)` | the value at the first of the paths that is there, turned into the standard's unit |
| `Each(paths, shape)` | a list: the shape applied to every element at the path |
| `Const(value)` | always the same |
| a dict | an object with that shape |

A path is names (or list indexes) with dots between them. An empty path is the element itself, `^` in front starts at
the whole message instead, and `@device` is the device that the topic names. What a shape leaves out is not read.
Where no path is there and there is no default, the field is missing; the checks of the standard message say so in the
vendor's own names.

A `DownForm` uses the same words the other way round: its shape has the vendor's names, and its paths look into the
standard message, to which `seqNum` and `ack` have been added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from ingest.device_kinds import DeviceKind

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Absent(Enum):
    """There is no value."""

    ABSENT = 0


ABSENT = Absent.ABSENT

Turn = Callable[[Json, "Context"], Json | Absent]
"""Turns a vendor's value into the standard's; ValueError, TypeError or LookupError where it is none."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a turn may look at besides the value."""

    received: float
    """UTC epoch s."""
    device: str
    """Id in the topic."""
    whole: Json
    """The whole message."""


@dataclass(frozen=True, slots=True)
class Take:
    """One value. `paths` is one path, or several where the vendor is not of one mind."""

    paths: str | tuple[str, ...]
    turn: Turn | None = None
    default: Json | Absent = ABSENT

    @property
    def names(self) -> tuple[str, ...]:
        """All paths."""
        return (self.paths,) if isinstance(self.paths, str) else self.paths


@dataclass(frozen=True, slots=True)
class Each:
    """A list of objects. An object that stands where a list should counts as a list of one."""

    paths: str | tuple[str, ...]
    shape: "Rule"

    @property
    def names(self) -> tuple[str, ...]:
        """All paths."""
        return (self.paths,) if isinstance(self.paths, str) else self.paths


@dataclass(frozen=True, slots=True)
class Const:
    """The same value in every message."""

    value: Json


Rule = Take | Each | Const | Mapping[str, "Rule"]


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of message of a dialect."""

    topic: str
    """Topic pattern; `{device}` stands for one level. A standard topic is tried after the standard form failed."""
    stream: str
    """Name of the stream in `ingest.streams` that it stands for."""
    kind: DeviceKind
    shape: Rule
    each: str = ""
    """Path of the list whose elements are one message each; empty where the whole, or each entry
    of it where it is a list, is one message."""
    marks: tuple[str, ...] = ()
    """Paths of which one must be there for a message on a standard topic to be in this form."""
    unpack: Callable[[Json], Json] | None = None
    """Applied to the whole message first, for instance where JSON stands inside a string."""
    lenient: bool = False
    """Whether numbers may be written as text."""
    split: tuple[str, int] | None = None
    """A list and the most elements of it that one standard message may hold."""
    lasting: bool = False
    """Whether equal bytes that come again mean that all is still so; else they are a repeat."""


class Encoding(StrEnum):
    """How a message to a device becomes bytes."""

    JSON = "json"
    UPER = "uper"
    """One MessageFrame in the profile of the device."""
    ENVELOPE = "envelope"
    """The same in the binary gateway envelope."""


@dataclass(frozen=True, slots=True)
class DownForm:
    """One kind of message to devices, as a dialect writes it."""

    message: str
    """Name of the standard message, such as rsi."""
    topic: str
    """`{device}` stands for the device's id."""
    shape: Rule | None = None
    """None: the standard's JSON with seqNum and ack."""
    encoding: Encoding = Encoding.JSON
    kind: DeviceKind = DeviceKind.RSU
    pack: Callable[[Json], Json] | None = None
    """Applied to the whole message last, for instance where JSON stands inside a string."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """All forms of one vendor or platform, and where they are written down."""

    name: str
    source: str
    forms: tuple[Form, ...]
    down: tuple[DownForm, ...] = ()
    base: str = ""
    """Dialect whose messages to devices hold where this one has none of its own; empty: there are no others."""
