"""`cloudctl bench codec`: UPER messages a second on one core, beside asn1tools in the same run."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cloudctl.commands.bench_output import show, write
from ingest.uper.codec import Codec

GOALS = {"BSM": 25_000, "RSM16": 7_000, "SPAT8x3": 10_000}
"""Decodes a second."""
ROUNDS = 5
ROUND_SECONDS = 0.25
_NOON = 1_763_812_800.0


def bench_codec(out: Path | None = None) -> dict[str, object]:
    """Measure encoding and decoding; asn1tools stands beside where it is installed."""
    from ingest.benchmark_messages import bsm, rsm, spat
    from ingest.uper.codec import codec_for
    from ingest.uper.schema import Profile

    codec, oracle = codec_for(Profile.V4), _oracle()
    frames = {
        "BSM": {"bsmFrame": bsm(_NOON)},
        "RSM16": {"rsmFrame": rsm(_NOON, full=True)},
        "SPAT8x3": {"spatFrame": spat(_NOON)},
    }
    rows = [_row(name, codec, oracle, frame) for name, frame in frames.items()]
    columns = ("message", "bytes", "decode_per_s", "encode_per_s", "asn1tools_decode_per_s", "times_faster", "goal")
    show("UPER, profile V4, one core, by process time", columns, [[row[name] for name in columns] for row in rows])
    figures: dict[str, object] = {"codec": rows}
    write(figures, out)
    return figures


def _row(name: str, codec: Codec, oracle: Any, frame: Any) -> dict[str, object]:  # noqa: ANN401  # asn1tools is untyped
    data = codec.encode(frame)
    ours = _rate(lambda: codec.decode(data))
    theirs = None if oracle is None else _rate(lambda: oracle.decode("MessageFrame", data))
    return {
        "message": name,
        "bytes": len(data),
        "decode_per_s": round(ours),
        "encode_per_s": round(_rate(lambda: codec.encode(frame))),
        "asn1tools_decode_per_s": None if theirs is None else round(theirs),
        "times_faster": None if theirs is None else round(ours / theirs, 1),
        "goal": GOALS[name],
    }


def _oracle() -> Any:  # noqa: ANN401  # asn1tools is untyped
    """Compile our schema with asn1tools, None where it is not installed."""
    try:
        import asn1tools
    except ImportError:
        return None
    from ingest.uper.asn1_text import asn1_text
    from ingest.uper.schema import Profile

    return asn1tools.compile_string(asn1_text(Profile.V4), "uper")


def _rate(call: Callable[[], object]) -> float:
    """Calls a second of process time, the best of some rounds."""
    return max(_round(call) for _ in range(ROUNDS))


def _round(call: Callable[[], object]) -> float:
    calls, start = 0, time.process_time()
    while (spent := time.process_time() - start) < ROUND_SECONDS:
        for _ in range(100):
            call()
        calls += 100
    return calls / spent
