"""What comes down to devices, as far as every device must understand it, and the plain answers to it."""

import msgspec
import orjson


class Priority(msgspec.Struct, frozen=True, rename="camel"):
    """The platform's order for signal priority inside an RSC."""

    request_id: str
    signal: dict[str, int]
    """{region, id}"""
    phase_id: int
    arrival: float
    max_seconds: float


class SignalControl(msgspec.Struct, frozen=True, rename="camel"):
    """The stage that the platform commands inside an RSC."""

    signal: dict[str, int]
    """{region, id}"""
    phase_ids: tuple[int, ...]
    valid_for: float


class Down(msgspec.Struct, frozen=True, rename="camel"):
    """An RSI, RSC or CONFIG, cut to what a unit needs to answer it."""

    seq_num: str | int | None = None
    ack: bool = False
    priority: Priority | None = None
    signal_control: SignalControl | None = None


class _Refusal(msgspec.Struct, frozen=True):
    reason: str = "unnamed"


def read_down(payload: bytes) -> Down | None:
    """Read a message to a roadside unit; None where it cannot be understood."""
    try:
        return msgspec.json.decode(payload, type=Down)
    except msgspec.MsgspecError:
        return None


def down_answer(sequence: str | int | None, error: int, description: str = "") -> bytes:
    """Acknowledgement of a message to a roadside unit: 0 done, 1 refused."""
    answer: dict[str, object] = {"seqNum": sequence, "errorCode": error}
    if description:
        answer["errorDesc"] = description
    return orjson.dumps(answer)


def refusal_reason(payload: bytes) -> str:
    """Counter that an error reply of the platform names."""
    try:
        return msgspec.json.decode(payload, type=_Refusal).reason
    except msgspec.MsgspecError:
        return "not_understood"
