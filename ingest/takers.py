"""What a taker is: the steps of the pipeline behind one topic, and takers that are made of others."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar

import msgspec

from ingest.collector import Counters
from ingest.duplicates import RecentKeys
from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import Wire
from ingest.verdicts import Accepted, Refused

MessageT_contra = TypeVar("MessageT_contra", bound=Wire, contravariant=True)
MessageT = TypeVar("MessageT", bound=Wire)

REPEAT_WINDOW = 60.0
"""s; equal bytes within it are one message, where a form has no message count."""
_REPEATS_KEPT = 256


class Taker(Protocol):
    """Takes the messages of one topic."""

    row: int
    """Row of the device of the last message; -1 before the first of a topic that names no device."""

    def take(self, payload: bytes, received: float) -> Accepted:
        """Take one message; raises RefusedError or the decoder's error."""
        ...


class MessageTaker(Protocol[MessageT_contra]):
    """Takes messages of one device that are decoded already."""

    row: int

    def take_message(self, message: MessageT_contra, received: float, *, counted: bool = True) -> Accepted:
        """Take one message; raises RefusedError. Where not `counted`, msgCnt says nothing about repeats and gaps."""
        ...


Reader = Callable[[bytes, float], Sequence[Wire]]
"""Reads the standard messages out of a payload received at UTC epoch s; raises RefusedError."""


class FormTaker:
    """Takes one topic of one device in a writing other than the standard's JSON."""

    def __init__(
        self,
        read: Reader,
        taker: MessageTaker[Wire],
        topic: str,
        counters: Counters,
        *,
        counted: bool,
        lasting: bool,
        note: Callable[[], None],
    ) -> None:
        """Read payloads with `read`; where neither `counted` nor `lasting`, equal bytes within a minute are repeats.

        `note` is called once, when the first message was taken.
        """
        self.row = taker.row
        self._read, self._taker, self._topic = read, taker, topic
        self._counters = counters
        self._counted = counted
        self._by_bytes = not (counted or lasting)
        self._note: Callable[[], None] | None = note
        self._seen = RecentKeys(REPEAT_WINDOW, _REPEATS_KEPT)

    def take(self, payload: bytes, received: float) -> Accepted:
        """Take all messages in a payload."""
        messages = self._read(payload, received)
        if self._by_bytes and self._seen.is_repeat(blake2b(payload, digest_size=8).digest(), received):
            raise RefusedError(RefusalReason.DUPLICATE, "", None, "the same bytes came within the last minute")
        taken = take_all(messages, self._taker, received, self._counters, topic=self._topic, counted=self._counted)
        if self._note is not None:
            self._note()
            self._note = None
        return taken


class LenientTaker:
    """Takes the standard's JSON and, where a message does not fit it, the forms that dialects write to this topic."""

    def __init__(
        self,
        strict: Taker,
        others: Sequence[FormTaker],
        find: Callable[[bytes], int | None],
        note: Callable[[], None],
    ) -> None:
        """Try `strict` first; `find` gives the index of the other form that a payload is in, None for no other.

        `note` is called once, when the first message in the standard's form was taken.
        """
        self.row = strict.row
        self._note: Callable[[], None] | None = note
        self._strict, self._others, self._find = strict, others, find

    def take(self, payload: bytes, received: float) -> Accepted:
        """Take one message."""
        try:
            taken = self._strict.take(payload, received)
        except msgspec.ValidationError:
            index = self._find(payload)
            if index is None:
                raise
            return self._others[index].take(payload, received)
        if self._note is not None:
            self._note()
            self._note = None
        return taken


def take_all(
    messages: Sequence[MessageT],
    taker: MessageTaker[MessageT],
    received: float,
    counters: Counters,
    *,
    topic: str,
    counted: bool,
) -> Accepted:
    """Take the messages of one payload. It is refused where all are; what is left out of it otherwise is counted."""
    if not messages:
        raise RefusedError(RefusalReason.MISSING_FIELD, "", None, "message holds nothing")
    verdicts: list[Accepted] = []
    faults: list[RefusedError] = []
    for message in messages:
        try:
            verdicts.append(taker.take_message(message, received, counted=counted))
        except RefusedError as error:
            faults.append(error)
    if not verdicts:
        raise next((one for one in faults if one.reason is not RefusalReason.DUPLICATE), faults[0])
    for fault in faults:
        counters.participants_refused[fault.reason.value] += 1
    first = verdicts[0]
    if len(verdicts) == 1 and not faults:
        return first
    partly = next((verdict.partly for verdict in verdicts if verdict.partly), None)
    if faults and partly is None:
        fault = faults[0]
        partly = Refused(topic, first.stream, first.device, fault.reason, fault.field, str(fault))
    warning = next((verdict.warning for verdict in verdicts if verdict.warning), None)
    return Accepted(first.stream, first.device, sum(verdict.observations for verdict in verdicts), partly, warning)
