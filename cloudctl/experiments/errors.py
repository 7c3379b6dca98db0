"""Faults of experiments.

CloudctlError
└── ExperimentError
    ├── UnknownExperimentError    nothing of this id
    ├── UnusableExperimentError   an area without links, or periods that cannot be compared
    └── ExperimentsDownError      the database does not answer
"""

from cloudctl.errors import CloudctlError


class ExperimentError(CloudctlError):
    """Base of the faults of experiments."""


class UnknownExperimentError(ExperimentError):
    """Nothing of this id."""

    def __init__(self, experiment: str) -> None:
        super().__init__(f"no experiment {experiment!r}")
        self.experiment = experiment


class UnusableExperimentError(ExperimentError):
    """An area without links, or periods that cannot be compared."""


class ExperimentsDownError(ExperimentError):
    """The database of experiments does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the database of experiments does not answer: {detail}")
