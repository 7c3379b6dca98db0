"""What fusion may raise.

FusionError
└── ClockError      the cycle's clock went back
"""


class FusionError(Exception):
    """Base of all errors of fusion."""


class ClockError(FusionError):
    """A cycle came with a time before the last one."""

    def __init__(self, now: float, last: float) -> None:
        super().__init__(f"cycle at {now:.3f} s comes before the last one at {last:.3f} s")
        self.now = now
        self.last = last
