"""What devices say they saw, as columns in the city's local plane: the type that `ingest` hands to `fusion`."""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray


class Source(IntEnum):
    """How a report came about."""

    SELF = 0
    """A vehicle about itself (BSM)."""
    ROADSIDE = 1
    """A roadside unit about what its sensors see (RSM, radar)."""


@dataclass(frozen=True)
class ObservationBatch:
    """Reports of one cycle, one row a report, in receive order; all arrays have length n.

    Times are seconds of the UTC epoch. `event_time` is when the object was there, `publish_time` when the device sent
    the message (NaN where it does not say), `receive_time` when we got it. Unknown floats are NaN.
    """

    event_time: NDArray[np.float64]
    publish_time: NDArray[np.float64]
    receive_time: NDArray[np.float64]
    device: NDArray[np.int32]
    """Row of the sending device in the device registry."""
    object_id: NDArray[np.int64]
    """The device's own name for the object (ptcId); 0 for a vehicle about itself."""
    source: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    kind_confidence: NDArray[np.float32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    vx: NDArray[np.float32]
    vy: NDArray[np.float32]
    heading: NDArray[np.float32]
    """rad, clockwise from north, NaN where unknown."""
    sigma_position: NDArray[np.float32]
    """1-sigma of x and of y, m."""
    sigma_velocity: NDArray[np.float32]
    """1-sigma of vx and of vy, m/s."""
    length: NDArray[np.float32]
    width: NDArray[np.float32]
    height: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.event_time)

    @classmethod
    def empty(cls) -> Self:
        """Make a batch of no rows."""
        return cls.concatenate([])

    @classmethod
    def concatenate(cls, batches: list[Self]) -> Self:
        """Join batches in their order."""
        return cls(
            *(
                np.concatenate([np.empty(0, dtype), *(getattr(batch, name) for batch in batches)]).astype(dtype)
                for name, dtype in _DTYPES.items()
            )
        )


_DTYPES: dict[str, type] = dict(
    zip(
        (field.name for field in fields(ObservationBatch)),
        (
            *(np.float64,) * 3,
            np.int32,
            np.int64,
            *(np.uint8,) * 2,
            np.float32,
            *(np.float64,) * 2,
            *(np.float32,) * 8,
        ),
        strict=True,
    )
)
