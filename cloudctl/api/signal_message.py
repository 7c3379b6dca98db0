"""The text `recommendations` of the live feed: what is recommended to each signal, and which controllers follow."""

from cloudctl.api.live_state import LiveState
from cloudctl.api.signal_masks import without_vehicle


def recommendations_message(state: LiveState) -> dict[str, object]:
    """Write what the engine last said, times as UTC epoch s; empty lists before its first word.

    Items are those of `cloudctl.signals.live.recommendation.SignalRecommendation`, `control` those of
    `cloudctl.signals.live.state.ControlState`, `priority` those of
    `cloudctl.advice.priority_states.SignalPriorityState` without their vehicles.
    """
    known = state.signals
    if known is None:
        return {"type": "recommendations", "time": None, "items": (), "control": (), "priority": ()}
    return {
        "type": "recommendations",
        "time": known.time,
        "items": known.recommendations,
        "control": known.control,
        "priority": [without_vehicle(each) for each in known.priority],
    }
