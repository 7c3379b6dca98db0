"""Commands of stages to the controllers that take them, and what these say.

A controller is commanded only where settings allow it, its unit has announced `signalControl: stages`, no operator
holds the signal, and there is a fresh recommendation. Each command holds for two seconds and is given anew each second:
when commands stop, for whatever reason, the controller goes back to its plan by itself.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cloudctl.publish.outgoing import Outgoing
from cloudctl.signals.live.recommendation import Mode, SignalRecommendation
from cloudctl.signals.live.state import ControlState
from ingest.device_kinds import DeviceKind
from ingest.device_registry import DeviceRegistry
from ingest.dialects.description import Encoding
from ingest.down_messages import DownMessage, write_down
from ingest.errors import RefusedError
from ingest.messages.common import NodeReferenceID
from ingest.messages.positions import Position3D
from ingest.messages.rsc import RoadsideCoordination, SignalControl
from ingest.streams import BY_NAME
from ingest.timebase import minute_of_year
from maps.network import RoadNetwork

STAGES = "stages"
"""What a unit announces whose controller takes stages."""
EVERY, VALID_FOR = 1.0, 2.0
"""s"""
SILENT_AFTER = 3.0
"""A controller that has not answered for so long does not count as following, s."""
CLOUD_ID = "CLOUD"
_SLACK = 0.05


@dataclass
class _Controller:
    """One controller that takes stages."""

    unit: str
    status: str = "waiting"
    since: float = 0.0
    sent: float = float("-inf")
    answered: float | None = None
    stage: int | None = None
    phases: tuple[int, ...] = ()
    detail: str = ""


class StageCommands:
    """Commands all controllers that have announced that they take stages."""

    def __init__(self, network: RoadNetwork, registry: DeviceRegistry, epoch: int, *, execute: bool) -> None:
        self._network, self._registry, self._execute = network, registry, execute
        self._epoch, self._count = epoch, 0
        self._announced: dict[str, bool] = {}
        self._controllers: dict[int, _Controller] = {}
        self._asked: dict[tuple[str, str], tuple[int, float]] = {}
        self.counts: Counter[str] = Counter()
        """sent, accepted, refused, no_form, held"""

    def announce(self, unit: str, capability: str | None) -> None:
        """Take what a unit says of its controller; one that no longer says it is no longer commanded."""
        self._announced[unit] = capability == STAGES

    def refresh(self, units: Mapping[int, str], now: float) -> None:
        """Bring the list into step with the units at the signals (by row)."""
        wanted = {row: unit for row, unit in units.items() if self._announced.get(unit, False)}
        self._controllers = {
            row: known
            if (known := self._controllers.get(row)) is not None and known.unit == unit
            else _Controller(unit, since=now)
            for row, unit in wanted.items()
        }

    def following(self, now: float) -> set[int]:
        """Signals (row) whose controllers follow the platform: they said so within the last seconds."""
        return {row for row, one in self._controllers.items() if one.status == "executing" and _heard(one, now)}

    def command(self, row: int, wanted: SignalRecommendation, now: float) -> list[Outgoing]:
        """Command the stage that is recommended to a signal, where that may be done."""
        one = self._controllers.get(row)
        if one is None:
            return []
        if not self._execute:
            self._set(one, "offered", now, "settings let the platform recommend only")
        elif wanted.mode is not Mode.RECOMMENDED or wanted.stage is None:
            held = wanted.mode is Mode.HELD
            self.counts["held"] += held
            self._set(one, "held" if held else "plan", now, wanted.detail)
        elif now - one.sent >= EVERY - _SLACK:
            return self._send(row, one, wanted, now)
        return []

    def acknowledge(self, unit: str, key: str, *, accepted: bool, detail: str, now: float) -> bool:
        """Take an answer; False where it is to none of these commands."""
        asked = self._asked.pop((unit, key), None)
        if asked is None:
            return False
        one = self._controllers.get(asked[0])
        self.counts["accepted" if accepted else "refused"] += 1
        if one is None or one.status in {"held", "plan", "offered"}:
            return True
        if accepted:
            one.answered = now
        self._set(one, "executing" if accepted else "refused", now, detail)
        return True

    def states(self, now: float) -> tuple[ControlState, ...]:
        """Give what every controller does."""
        self._asked = {key: asked for key, asked in self._asked.items() if now - asked[1] < 10 * SILENT_AFTER}
        for one in self._controllers.values():
            if one.status == "executing" and not _heard(one, now):
                self._set(one, "silent", now, f"no answer for more than {SILENT_AFTER:.0f} s")
        return tuple(self._state(row, one) for row, one in sorted(self._controllers.items()))

    def _send(self, row: int, one: _Controller, wanted: SignalRecommendation, now: float) -> list[Outgoing]:
        signals = self._network.signals
        device = self._registry.find(DeviceKind.RSU, one.unit)
        if device is None or not device.live:
            return []
        lon, lat = self._network.plane.inverse(signals.x[row], signals.y[row])
        self._count += 1
        body = RoadsideCoordination(
            msg_cnt=self._count % 128,
            id=CLOUD_ID,
            sec_mark=minute_of_year(now)[1],
            ref_pos=Position3D(lat=round(float(lat) * 1e7), long=round(float(lon) * 1e7)),
            signal_control=SignalControl(
                signal=NodeReferenceID(id=int(signals.node_id[row]), region=int(signals.region[row])),
                phase_ids=list(wanted.phases),
                valid_for=VALID_FOR,
            ),
        )
        try:
            written = write_down(device, DownMessage("rsc", body, f"S{self._epoch}-{self._count}"), now)
        except RefusedError as error:
            self.counts["no_form"] += 1
            self._set(one, "refused", now, str(error))
            return []
        if written.encoding is not Encoding.JSON:
            self.counts["no_form"] += 1
            self._set(one, "refused", now, "the unit is spoken to in a form that has no stages")
            return []
        one.sent, one.stage, one.phases = now, wanted.stage, wanted.phases
        if one.status not in {"executing", "refused", "silent"}:
            self._set(one, "waiting", now, "")
        self._asked[one.unit, written.key] = row, now
        self.counts["sent"] += 1
        return [Outgoing(written.topic, written.payload, BY_NAME["rsu_rsc_down"].qos)]

    @staticmethod
    def _set(one: _Controller, status: str, now: float, detail: str) -> None:
        if one.status != status:
            one.status, one.since = status, now
        one.detail = detail

    def _state(self, row: int, one: _Controller) -> ControlState:
        return ControlState(
            signal=str(self._network.signals.id[row]),
            unit=one.unit,
            status=one.status,
            since=one.since,
            stage=one.stage,
            phases=one.phases,
            answered=one.answered,
            detail=one.detail,
        )


def _heard(one: _Controller, now: float) -> bool:
    return one.answered is not None and now - one.answered <= SILENT_AFTER
