"""Logs and latency figures, the same in every process."""

import logging
import sys
from collections import deque
from typing import cast

import numpy as np
import structlog
from numpy.typing import ArrayLike


def configure_logging(process: str, level: int = logging.INFO) -> structlog.stdlib.BoundLogger:
    """Send all logs of this process to standard error, one JSON object a line, and return its logger."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(process))


class LatencyWindow:
    """The newest latencies of one stage, for percentiles in health reports (s in, ms out)."""

    def __init__(self, batches: int = 600, per_batch: int = 256) -> None:
        self._batches: deque[np.ndarray[tuple[int], np.dtype[np.float32]]] = deque(maxlen=batches)
        self._per_batch = per_batch

    def add(self, seconds: ArrayLike) -> None:
        """Take the latencies of one cycle, s; NaN is left out, long batches are thinned evenly."""
        values = np.atleast_1d(np.asarray(seconds, np.float32))
        values = values[np.isfinite(values)]
        step = max(1, -(-len(values) // self._per_batch))
        if len(values):
            self._batches.append(values[::step])

    def percentiles_ms(self) -> dict[str, float] | None:
        """Return p50 and p99 in ms, or None where nothing was measured."""
        if not self._batches:
            return None
        p50, p99 = np.percentile(np.concatenate(self._batches), (50, 99)) * 1e3
        return {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}
