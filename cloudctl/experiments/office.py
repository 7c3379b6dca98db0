"""Experiments in a gateway: made, listed, computed; the result is kept once the period after is over."""

import asyncio
from collections.abc import Callable

from cloudctl.database import Database, Terms
from cloudctl.experiments.errors import ExperimentsDownError, UnusableExperimentError
from cloudctl.experiments.evaluation import evaluate
from cloudctl.experiments.plan import Experiment
from cloudctl.experiments.store import ExperimentStore
from cloudctl.row_source import RowSource
from maps.network import RoadNetwork

TERMS = Terms("v2x-experiments", ExperimentsDownError, UnusableExperimentError, "v2x_desk_writer", connections=2)
SETTLES_S = 180.0
"""So long after the end of a period the newest states may still be on their way to the database."""


class ExperimentOffice:
    """Works while `run` runs."""

    def __init__(self, url: str, network: RoadNetwork, clock: Callable[[], float]) -> None:
        self._database = Database(url, TERMS)
        self.store = ExperimentStore(self._database)
        self._network, self._clock = network, clock

    async def run(self) -> None:
        """Hold connections until cancelled."""
        async with self._database.opened():
            await asyncio.Event().wait()

    async def result(self, experiment: Experiment, source: RowSource) -> dict[str, object]:
        """Give what came of an experiment: as kept, else computed from what is stored by now."""
        if experiment.result is not None:
            return experiment.result
        found = await evaluate(source, self._network, experiment)
        if self._clock() > experiment.after.end + SETTLES_S:
            await self.store.keep_result(experiment.id, found)
        return found

    def is_over(self, experiment: Experiment) -> bool:
        """Whether the period after is over and all of it is stored."""
        return self._clock() > experiment.after.end + SETTLES_S
