"""What the engine says of signals, as answers of the API."""

from cloudctl.advice.priority_states import SignalPriorityState
from cloudctl.api.models import as_time
from cloudctl.api.roads import LIGHT_STATES, signal_of
from cloudctl.api.services import Services
from cloudctl.api.signal_models import (
    ChangeTimeItem,
    ControlItem,
    CycleItem,
    FaultItem,
    GroupDetail,
    RecommendationItem,
    SignalDetail,
    SignalPriorityItem,
)
from cloudctl.signals.live.recommendation import SignalRecommendation
from cloudctl.signals.live.state import UNKNOWN, ControlState, SignalsState

FAULTS_SHOWN = 600.0
"""s"""
FRESH = 5.0
"""What the engine said longer ago than this is not shown with lights, s."""
SILENT = 10.0
"""A light whose newest report is older is estimated where that can be, s."""


def detail_of(services: Services, row: int, now: float) -> SignalDetail:
    """Give everything about one signal (row of the network)."""
    network, state = services.tables.network, services.state
    plain = signal_of(services, row)
    known = state.signals if state.signals is not None and now - state.signals.time <= FRESH else None
    control = next((each for each in known.control if each.signal == plain.id), None) if known else None
    advised = next((each for each in known.recommendations if each.signal == plain.id), None) if known else None
    commanded = control is not None and control.status == "executing"
    start = int(network.signals.group_start[row])
    groups = [
        _group(GroupDetail(**group.model_dump(), source="none"), known, start + place, commanded=commanded)
        for place, group in enumerate(plain.groups)
    ]
    faults = state.signal_faults.since(plain.region, plain.node_id, now - FAULTS_SHOWN)
    return SignalDetail(
        **plain.model_dump(exclude={"groups"}),
        groups=groups,
        recommendation=None if advised is None else recommendation_item(advised),
        control=None if control is None else control_item(control),
        faults=[
            FaultItem(
                time=as_time(each.timestamp / 1e3),
                device=each.device,
                fault=each.fault,
                detail=each.detail,
                phase_id=each.phase,
            )
            for each in faults
        ],
    )


def _group(group: GroupDetail, known: SignalsState | None, row: int, *, commanded: bool) -> GroupDetail:
    """Add to a group where its light is known from and when it changes."""
    changes: dict[str, object] = {}
    reported = group.state != "unavailable" and (group.age is None or group.age <= SILENT)
    if reported:
        changes["source"] = "controller" if commanded else "spat"
    if known is not None and row < len(known.groups.p50):
        times = known.groups
        if not reported and times.estimated[row]:
            changes |= {
                "source": "estimated",
                "state": LIGHT_STATES[times.estimated[row]],
                "confidence": times.confidence[row] / 100.0,
                "age": None,
            }
        changes |= {"learned": _learned(known, row), "cycle": _cycle(known, row)}
    return group.model_copy(update=changes)


def _learned(known: SignalsState, row: int) -> ChangeTimeItem | None:
    times = known.groups
    tenths = [column[row] for column in (times.p10, times.p50, times.p90)]
    ends = [as_time(known.time + each / 10.0) for each in tenths]
    if UNKNOWN in tenths or ends[0] is None or ends[1] is None or ends[2] is None:
        return None
    return ChangeTimeItem(p10=ends[0], p50=ends[1], p90=ends[2], samples=times.samples[row])


def _cycle(known: SignalsState, row: int) -> CycleItem | None:
    cycle, spread = known.groups.cycle[row], known.groups.spread[row]
    if cycle == UNKNOWN:
        return None
    return CycleItem(seconds=cycle / 10.0, spread=None if spread == UNKNOWN else spread / 10.0)


def recommendation_item(each: SignalRecommendation) -> RecommendationItem:
    """Give a recommendation as an answer."""
    return RecommendationItem(
        signal=each.signal,
        time=as_time(each.time),
        mode=each.mode.value,
        reason=each.reason.value,
        detail=each.detail,
        stage=each.stage,
        phases=list(each.phases),
        shown=each.shown,
        since=as_time(each.since),
        until=as_time(each.until),
        saving_s=each.saving_s,
        confidence=each.confidence,
        coverage=each.coverage,
    )


def control_item(each: ControlState) -> ControlItem:
    """Give what a controller does as an answer."""
    return ControlItem(
        signal=each.signal,
        unit=each.unit,
        status=each.status,
        since=as_time(each.since),
        stage=each.stage,
        phases=list(each.phases),
        answered=as_time(each.answered),
        detail=each.detail,
    )


def priority_item(each: SignalPriorityState) -> SignalPriorityItem:
    """Give a request for priority as an answer."""
    return SignalPriorityItem.model_validate(
        {
            "id": each.id,
            "vehicle": each.vehicle,
            "signal": each.signal,
            "phase_id": each.phase_id,
            "cause": each.cause,
            "urgent": each.urgent,
            "requested": as_time(each.requested),
            "updated": as_time(each.updated),
            "arrival": as_time(each.arrival),
            "lateness": each.lateness,
            "status": each.status,
            "strategy": each.strategy,
            "seconds": each.seconds,
            "reason": each.reason,
        }
    )
