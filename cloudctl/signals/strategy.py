"""The one interface of all strategies: they see a scene and propose a green stage for each signal."""

from typing import Protocol

from cloudctl.signals.layout import Ints, Layout, Scene
from cloudctl.signals.safety import FOLLOW_PLAN, SafetyLayer

__all__ = ["FOLLOW_PLAN", "Strategy"]


class Strategy(Protocol):
    """Proposes; the safety layer decides."""

    def __init__(self, layout: Layout, safety: SafetyLayer) -> None: ...

    def propose(self, scene: Scene) -> Ints:
        """Stage of each signal that should be green next, `FOLLOW_PLAN` for the fixed plan; called once a second."""
        ...
