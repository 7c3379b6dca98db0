"""Numbers of the picture as the small integers of column frames."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def to_u16(values: ArrayLike, scale: float) -> NDArray[np.uint16]:
    """Scale, round and clip; NaN becomes 65535, which stands for unknown."""
    scaled = np.rint(np.asarray(values, np.float64) * scale)
    return np.where(np.isnan(scaled), 65535, np.clip(scaled, 0, 65534)).astype(np.uint16)


def to_u8(values: ArrayLike, scale: float) -> NDArray[np.uint8]:
    """Scale, round and clip to 0..255; NaN becomes 0."""
    scaled = np.rint(np.asarray(values, np.float64) * scale)
    clipped: NDArray[np.uint8] = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255).astype(np.uint8)
    return clipped
