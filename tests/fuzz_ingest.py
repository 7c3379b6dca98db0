"""Coverage-guided inputs for decoders and pipeline: `python tests/fuzz_ingest.py decoders -runs=1000000`.

`decoders`: the first byte says which UPER codec, JSON message, dialect or envelope reads the rest, and nothing but its
one error may come of it. Only the code that reads is instrumented, so that a million inputs take minutes.
`pipeline`: the first byte says the topic; a verdict must come of it, and columns. Other options are libFuzzer's.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it has no types
import msgspec

from maps.geodesy import LocalPlane

NAME = sys.argv[1] if len(sys.argv) > 1 else "decoders"

with atheris.instrument_imports(include=["ingest"]) if NAME == "pipeline" else nullcontext():
    from ingest import envelope
    from ingest.asyncapi import example_of, uper_example
    from ingest.device_registry import DeviceRegistry
    from ingest.dialects import reading
    from ingest.errors import RefusedError
    from ingest.intake_events import type_of_stream
    from ingest.messages.common import Wire
    from ingest.messages.decoding import decode
    from ingest.pipeline import Pipeline
    from ingest.plausibility import BoxE7
    from ingest.topics import Uplink, Writing, uplinks
    from ingest.uper.codec import codec_for
    from ingest.uper.errors import DecodeError
    from ingest.uper.schema import Profile
    from ingest.verdicts import Accepted, Refused

NOON = 1_763_812_800.0
LONGEST = {"decoders": 512, "pipeline": 2048}
"""Bytes of an input."""
FRESH_EVERY = 20_000
"""Inputs after which a new pipeline takes over, so that its registry does not fill up with invented devices."""
_FOLLOWED = (Profile.D2,)
"""Profiles whose ways the fuzzer sees: their code is alike, and its counters are what an input costs."""
_LINKS = uplinks()
Read = Callable[[bytes], object]


def readers() -> list[tuple[Read, list[bytes]]]:
    """All decoders, each with good inputs: the codec of every profile, every JSON message and dialect, the envelope."""
    frames = sorted({uper_example(link.stream) for link in _LINKS if link.writing is Writing.UPER})
    made: list[tuple[Read, list[bytes]]] = [(_uper(profile), frames) for profile in Profile]
    for link in _LINKS:
        if link.writing is Writing.JSON:
            made.append((_json(type_of_stream(link.stream.name)), [good(link)]))
        elif link.form is not None:
            made.append((_dialect(link), [good(link)]))
    bundle = envelope.seal_envelope(envelope.Envelope("R1", round(NOON * 1000), tuple(frames[:2])), bundle=True)
    return [*made, (_envelope, [bundle])]


def _follow(*functions: Callable[..., object]) -> None:
    """Let the fuzzer see which way an input takes through functions."""
    for function in functions:
        atheris.instrument_func(function)


def _uper(profile: Profile) -> Read:
    codec = codec_for(profile)
    if profile in _FOLLOWED:
        scope = codec._read.__globals__  # generated code is no module, so that it is instrumented here
        _follow(*(part for name, part in scope.items() if name.startswith("t_")))

    def read(payload: bytes) -> object:
        try:
            return codec.decode(payload)
        except DecodeError as error:
            assert 0 <= error.bit <= len(payload) * 8  # noqa: PT017  # the fuzzer's finding
            return None

    return read


def _json(kind: type[Wire]) -> Read:
    return lambda payload: decode(kind, payload)


def _dialect(link: Uplink) -> Read:
    form, kind = link.form, type_of_stream(link.stream.name)
    assert form is not None
    return lambda payload: reading.read_form(form, payload, kind, device="R1", received=NOON)


def _envelope(payload: bytes) -> object:
    return envelope.open_envelope(payload, bundle=True)


class Decoders:
    """Gives every input to one decoder."""

    def __init__(self) -> None:
        self._readers = readers()
        _follow(envelope.open_envelope, reading.build, reading._take, reading._look)  # the hot ones

    def take(self, data: bytes) -> None:
        """Take one input; half of all first bytes lead to UPER."""
        where, payload = (data[0], data[1:]) if data else (0, b"")
        codecs = len(Profile)
        number = where // 2 % codecs if where % 2 else codecs + where // 2 % (len(self._readers) - codecs)
        try:
            self._readers[number][0](payload)
        except (RefusedError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return  # what the pipeline counts as a refusal

    def seeds(self) -> list[bytes]:
        """Good messages, from which the fuzzer starts."""
        codecs = len(Profile)
        made = [bytes([2 * number + 1]) + data for number in range(codecs) for data in self._readers[number][1]]
        others = self._readers[codecs:]
        return made + [bytes([2 * number]) + data for number, (_, good) in enumerate(others) for data in good]


class Topics:
    """Gives every input to the pipeline on one topic."""

    def __init__(self) -> None:
        self._inputs = 0
        self._pipeline = self._fresh()

    @staticmethod
    def _fresh() -> Pipeline:
        box = BoxE7.of_degrees(112.7, 28.0, 113.2, 28.5)
        return Pipeline(LocalPlane(112.93, 28.2), box, DeviceRegistry())

    def take(self, data: bytes) -> None:
        """Take one input."""
        self._inputs += 1
        if self._inputs % FRESH_EVERY == 0:
            self._pipeline = self._fresh()
        where, payload = (data[0], data[1:]) if data else (0, b"")
        topic = _LINKS[where % len(_LINKS)].topic.replace("{device}", "R1")
        verdict = self._pipeline.accept(topic, payload, NOON)
        assert isinstance(verdict, (Accepted, Refused))  # the fuzzer's finding
        self._pipeline.take_observations(NOON)

    def seeds(self) -> list[bytes]:
        """Good messages of every topic, from which the fuzzer starts."""
        return [bytes([number]) + good(link) for number, link in enumerate(_LINKS)]


def good(link: Uplink) -> bytes:
    """Make a message that a topic takes, or one near it."""
    if link.writing is Writing.UPER:
        return uper_example(link.stream)
    if link.writing is Writing.ENVELOPE:
        whole = envelope.Envelope("R1", round(NOON * 1000), (uper_example(link.stream),))
        return envelope.seal_envelope(whole, bundle="BSM" in link.topic)
    return msgspec.json.encode(example_of(link.stream) or {})


def main(arguments: list[str]) -> None:
    """Fuzz with libFuzzer's arguments; ends the process."""
    target = Decoders() if NAME == "decoders" else Topics()
    corpus = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for number, seed in enumerate(target.seeds()):
        (corpus / f"{number}").write_bytes(seed)
    options = [f"-max_len={LONGEST[NAME]}", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options, *arguments, str(corpus)], target.take)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[2:])
