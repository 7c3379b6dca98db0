"""Fixed plans brought to a common cycle: green is added or taken away, clearances stay as they are."""

from collections.abc import Sequence

from cloudctl.signals.errors import CorridorError
from cloudctl.signals.program import GREEN, Program


def durations_at(program: Program, cycle: float) -> tuple[float, ...]:
    """Durations, s, of the rows of a program in a cycle of `cycle` s: green stages share what is added or taken away.

    Added time is shared by the durations of the greens, taken by what each has above its least.

    Raises:
        CorridorError: its least greens and its clearances take longer.
    """
    times = [phase.duration for phase in program.phases]
    extra = cycle - program.cycle
    shares = [times[row] for row in program.greens]
    if extra < 0:
        shares = [max(times[row] - least, 0.0) for row, least in zip(program.greens, program.min_greens, strict=True)]
        if sum(shares) < -extra - 1e-6:
            least = program.cycle - sum(shares)
            raise CorridorError(f"signal {program.signal} needs a cycle of {least:.0f} s at least, not {cycle:.0f} s")
    for row, share in zip(program.greens, shares, strict=True):
        times[row] += extra * share / max(sum(shares), 1e-9)
    return tuple(times)


def green_of(program: Program, durations: Sequence[float], light: int) -> tuple[float, float]:
    """Begin within the cycle and duration, s, of the longest green of a light.

    Raises:
        CorridorError: it is never green.
    """
    rows = len(durations)
    lit = [phase.state[light] in GREEN for phase in program.phases]
    if not any(lit):
        raise CorridorError(f"the light for those who drive along it is never green at signal {program.signal}")
    if all(lit):
        return 0.0, sum(durations)
    best = (0.0, 0.0)
    for row in range(rows):
        if lit[row] and not lit[row - 1]:
            length, ahead = 0.0, row
            while lit[ahead % rows]:
                length, ahead = length + durations[ahead % rows], ahead + 1
            best = max(best, (sum(durations[:row]), length), key=lambda green: green[1])
    return best
