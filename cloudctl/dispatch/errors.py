"""What can be wrong with dispatch.

DispatchError
├── UnknownAdviceError       no open advice of this id
├── SettledAdviceError       the advice is over, or was answered otherwise
├── UnknownBusError          no bus of this name is on a line
├── NoLightError             no signal lies ahead of the bus within reach
└── DispatchStoreError       the database of dispatch does not answer
"""

from cloudctl.errors import CloudctlError


class DispatchError(CloudctlError):
    """Base of the faults of dispatch."""


class UnknownAdviceError(DispatchError):
    """No open advice of this id."""

    def __init__(self, advice: str) -> None:
        super().__init__(f"no advice {advice!r} is open")
        self.advice = advice


class SettledAdviceError(DispatchError):
    """The advice does not take this answer any more."""

    def __init__(self, advice: str, status: str) -> None:
        super().__init__(f"advice {advice!r} is {status} already")
        self.advice = advice
        self.status = status


class UnknownBusError(DispatchError):
    """No bus of this name is on a line."""

    def __init__(self, vehicle: str) -> None:
        super().__init__(f"no bus {vehicle!r} is on a line")
        self.vehicle = vehicle


class NoLightError(DispatchError):
    """No signal lies ahead of the bus within reach."""

    def __init__(self, vehicle: str, reach: float) -> None:
        super().__init__(f"no signal lies within {reach:g} m ahead of bus {vehicle!r}")
        self.vehicle = vehicle
        self.reach = reach


class DispatchStoreError(DispatchError):
    """The database of dispatch does not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"dispatch database: {detail}")
        self.detail = detail
