"""Does a device encode with the profile we believe? A MAP of one profile reads without error, and wrongly, as another.

The first messages of each type of each device are decoded, encoded again and compared, and their positions must lie
in the city (the plausibility box). Where that fails, every other profile is tried the same way: the report names
those that would fit. A message that came through the wrong profile is refused, never believed.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.errors import RefusalReason, RefusedError
from ingest.messages.common import LATITUDE_UNAVAILABLE
from ingest.messages.uper_form import Object, open_frame
from ingest.plausibility import BoxE7
from ingest.uper.codec import codec_for
from ingest.uper.errors import UperError
from ingest.uper.schema import Profile
from ingest.uper.values import Value

FIRST_MESSAGES = 3
"""Messages of a type that are compared before a device is trusted with it."""
MOST_SEARCHES = 8
"""Messages of a device for which other profiles are tried; decoding is dear and a broken device sends many."""
_MOST_REPORTS = 1000


@dataclass(frozen=True, slots=True)
class ProfileMismatch:
    """A device that encodes otherwise than we were told."""

    device: int
    """Row of the registry."""
    message: str
    profile: Profile
    fits: tuple[Profile, ...]
    """Profiles that read the message well; none where it is broken in every one."""
    detail: str


@dataclass(slots=True)
class _Record:
    """What is known of one type of message of one device."""

    profile: Profile
    good: int = 0
    searches: int = 0
    fits: tuple[Profile, ...] = ()


class ProfileWatch:
    """Decodes the messages of all devices and compares the first of each."""

    def __init__(self, box: BoxE7) -> None:
        """Positions must lie inside `box`."""
        self._box = box
        self._records: dict[tuple[int, str], _Record] = {}
        self._reports: deque[ProfileMismatch] = deque(maxlen=_MOST_REPORTS)

    def decode(self, device: int, profile: Profile, name: str, data: bytes) -> Object:
        """Decode a frame of a device that should hold the message `name`.

        Raises:
            RefusedError: not_uper, profile_mismatch or wrong_message.
        """
        record = self._records.get((device, name))
        if record is None or record.profile is not profile:
            record = self._records[device, name] = _Record(profile)
        try:
            frame = codec_for(profile).decode(data)
        except UperError as error:
            raise self._refusal(device, name, record, data, str(error)) from None
        if record.good < FIRST_MESSAGES:
            fault = _fault(frame, profile, data, self._box)
            if fault is not None:
                raise self._refusal(device, name, record, data, fault)
            record.good += 1
        found = open_frame(frame)[0]
        if found != name:
            raise RefusedError(RefusalReason.WRONG_MESSAGE, "", found, f"frame holds {found}, the topic is for {name}")
        return frame

    def take_mismatches(self) -> list[ProfileMismatch]:
        """Take the reports since the last call."""
        reports = list(self._reports)
        self._reports.clear()
        return reports

    def _refusal(self, device: int, name: str, record: _Record, data: bytes, fault: str) -> RefusedError:
        if record.searches < MOST_SEARCHES:
            record.searches += 1
            record.fits = fitting_profiles(data, self._box, name)
        fits = tuple(one for one in record.fits if one is not record.profile)
        if not fits:
            return RefusedError(RefusalReason.NOT_UPER, "", data[:40].hex(), f"message does not decode: {fault}")
        detail = f"message does not fit profile {record.profile}: {fault}; {' or '.join(fits)} would fit"
        self._reports.append(ProfileMismatch(device, name, record.profile, fits, detail))
        return RefusedError(RefusalReason.PROFILE_MISMATCH, "", record.profile.value, detail)


def fitting_profiles(data: bytes, box: BoxE7, name: str | None = None) -> tuple[Profile, ...]:
    """List the profiles that decode a frame, encode it back to the same bytes and place it in the city."""
    return tuple(profile for profile in Profile if _fits(data, profile, box, name))


def _fits(data: bytes, profile: Profile, box: BoxE7, name: str | None) -> bool:
    try:
        frame = codec_for(profile).decode(data)
    except UperError:
        return False
    return name in {None, open_frame(frame)[0]} and _fault(frame, profile, data, box) is None


def _fault(frame: Object, profile: Profile, data: bytes, box: BoxE7) -> str | None:
    """Say what is suspicious about a decoded frame, None where nothing is."""
    try:
        again = codec_for(profile).encode(frame)
    except UperError as error:
        return f"it does not encode again ({error})"
    if again != data:
        return f"it encodes again to other bytes ({len(again)} for {len(data)})"
    for path, lon, lat in _positions(frame, ""):
        if lat != LATITUDE_UNAVAILABLE and not box.holds(lon, lat):
            return f"{path} is lat {lat * 1e-7:.4f}, lon {lon * 1e-7:.4f}, outside the city"
    return None


def _positions(value: Value, path: str) -> Iterator[tuple[str, int, int]]:
    """Yield the reference positions (1e-7 deg) in a message, lists looked into down to nodes."""
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        where = f"{path}.{name}".lstrip(".")
        if name in {"pos", "refPos", "sensorPos"} and isinstance(inner, dict) and {"lat", "long"} <= inner.keys():
            yield where, int(str(inner["long"])), int(str(inner["lat"]))
        elif name in {"nodes", "pamNodes"} and isinstance(inner, list):
            for index, node in enumerate(inner):
                yield from _positions(node, f"{where}[{index}]")
        elif name in {"bsmFrame", "mapFrame", "rsmFrame", "rsiFrame", "msgFrameExt", "value"}:
            yield from _positions(inner, path)
