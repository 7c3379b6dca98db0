"""One payload, read in every way that may be meant: the declared profile, the others, the standard's JSON, dialects.

For a message that was refused, the readings stand side by side, so that a vendor sees at once which one it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import orjson

from ingest.dialects.catalogue import dialect_of, list_forms
from ingest.dialects.reading import find_form, read_form
from ingest.envelope import open_envelope
from ingest.errors import RefusedError
from ingest.intake_events import type_of_stream
from ingest.messages.decoding import decode, refusal_of
from ingest.plausibility import BoxE7
from ingest.profiles import fitting_profiles
from ingest.topics import Uplink, Writing, find_route
from ingest.uper.codec import codec_for
from ingest.uper.errors import UperError
from ingest.uper.schema import Profile

LONGEST_TEXT = 20_000
"""Characters of one reading."""
_NAMELESS = frozenset({"rsu_heartbeat", "rsu_info", "rsu_base_info", "rsu_running_info"})


@dataclass(frozen=True)
class Reading:
    """One way to read a payload."""

    way: str
    """`uper v4`, `json`, or `dialect openv2x`."""
    declared: bool
    """Whether the device is registered to write so."""
    fits: bool
    """Whether it reads, writes back to the same bytes (UPER) and lies in the city."""
    text: str | None
    """JSON; None where it does not read so. Long ones are cut."""
    error: str | None
    cut: bool = False


def read_all_ways(topic: str, payload: bytes, declared: Profile, box: BoxE7) -> list[Reading]:
    """Read a payload in every way; those that fit first, the declared one before the others."""
    route = find_route(topic)
    link = None if route is None else route[0]
    device = "" if route is None or route[1] is None else route[1]
    readings = [*_binary(link, payload, declared, box), *_json(link, payload, device)]
    return sorted(readings, key=lambda reading: (not reading.fits, not reading.declared))


def _binary(link: Uplink | None, payload: bytes, declared: Profile, box: BoxE7) -> Iterator[Reading]:
    if payload[:1] in {b"{", b"["} or not payload:
        return
    frame = payload
    if link is not None and link.writing is Writing.ENVELOPE:
        try:
            frames = open_envelope(payload, bundle=".BSM." in link.topic).frames
        except RefusedError as error:
            yield Reading("envelope", declared=True, fits=False, text=None, error=str(error))
            return
        frame = frames[0] if frames else b""
    fitting = fitting_profiles(frame, box)
    for profile in Profile:
        text, problem = None, None
        try:
            text = orjson.dumps(codec_for(profile).decode(frame)).decode()
        except UperError as fault:
            problem = str(fault)
        yield _reading(f"uper {profile}", text, problem, declared=profile is declared, fits=profile in fitting)


def _json(link: Uplink | None, payload: bytes, device: str) -> Iterator[Reading]:
    try:
        whole = orjson.dumps(orjson.loads(payload)).decode()
    except orjson.JSONDecodeError as fault:
        yield Reading("json", declared=_is_json(link), fits=False, text=None, error=str(fault))
        return
    fault_text = _standard_fault(link, payload)
    yield _reading("json", whole, fault_text, declared=_is_json(link), fits=fault_text is None)
    forms = list_forms()
    index = find_form(forms, payload)
    if index is None:
        return
    form = forms[index]
    text, problem = None, None
    try:
        made = read_form(form, payload, type_of_stream(form.stream), device=device, received=0.0)
        text = orjson.dumps(msgspec.to_builtins(made)).decode()
    except (RefusedError, msgspec.DecodeError) as fault:
        problem = str(fault)
    declared = link is not None and link.form is form
    yield _reading(f"dialect {dialect_of(form)}", text, problem, declared=declared, fits=problem is None)


def _standard_fault(link: Uplink | None, payload: bytes) -> str | None:
    """Say what the standard's JSON of this topic finds wrong, None for nothing."""
    if link is None:
        return "the topic is none of ours"
    if link.stream.name in _NAMELESS:
        return None
    try:
        decode(type_of_stream(link.stream.name), payload)
    except RefusedError as fault:
        return str(fault)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return str(refusal_of(fault, payload))
    return None


def _is_json(link: Uplink | None) -> bool:
    return link is not None and link.writing is Writing.JSON


def _reading(way: str, text: str | None, error: str | None, *, declared: bool, fits: bool) -> Reading:
    cut = text is not None and len(text) > LONGEST_TEXT
    return Reading(way, declared, fits, text if text is None else text[:LONGEST_TEXT], error, cut)
