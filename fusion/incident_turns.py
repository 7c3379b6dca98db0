"""When each rule looks: what needs no haste takes turns with the rest, so that no cycle is long."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from fusion.incident_book import Finding
from fusion.scene import Scene

_SOON = 1e-6
"""s"""


class Rule(Protocol):
    """Looks at one cycle after another."""

    def find(self, scene: Scene) -> list[Finding]:
        """Return what there is in this cycle."""
        ...


class Turn:
    """Rules that look together: at the first cycle, then every `period` s, the first time `ahead` s sooner."""

    def __init__(
        self,
        rules: Sequence[Rule],
        period: float = 0.0,
        ahead: float = 0.0,
        first: Callable[[Scene], None] | None = None,
    ) -> None:
        self._rules, self._period, self._ahead, self._first = rules, period, ahead, first
        self._waited, self._span = period, 0.0
        self._before = np.zeros(0, np.uint32)

    def find(self, scene: Scene) -> list[Finding]:
        """Return what the rules find in this cycle, nothing where it is not their turn."""
        self._waited += scene.span
        self._span += scene.span
        if self._waited < self._period - _SOON:
            return []
        own = replace(scene, span=self._span, before=self._before)
        self._waited, self._ahead = self._ahead, 0.0
        self._span, self._before = 0.0, scene.tracks.track_id
        if self._first is not None:
            self._first(own)
        return [finding for rule in self._rules for finding in rule.find(own)]
