"""Searches the plan of least cost for a signal: last second's plan, each stage next, small changes of the best.

As the search goes on from second to second, each second tries one half of the changes.
"""

from cloudctl.signals.queue_columns import STAGES_PLANNED, Approach, Plan, Work
from cloudctl.signals.queue_model import find_active, run_model
from maps.compiled import compiled

_FAR = 1.0e30


@compiled
def search_plan(
    approach: Approach,
    work: Work,
    best: Plan,
    trial: Plan,
    made: Plan,
    stage: int,
    elapsed: float,
    rounds: int,
) -> float:
    """Improve `best`, the plan of the second before moved on to now; return its cost, s."""
    cost = _FAR
    find_active(approach, work)
    if best.length[0] > 0 and best.stage[0] == stage:
        _copy(best, trial)
        cost = _try(approach, work, best, trial, made, elapsed, cost)
    for option in range(approach.change.shape[0]):
        trial.stage[0] = stage
        trial.green[0] = elapsed + (1.0 if option == stage else 0.0)
        trial.length[0] = 1
        if option != stage:
            trial.stage[1] = option
            trial.green[1] = approach.min_green[option]
            trial.length[0] = 2
        cost = _try(approach, work, best, trial, made, elapsed, cost)
    turn = int(elapsed) % 2
    for held in (3.0, 10.0) if turn else (6.0, 15.0):
        trial.stage[0] = stage
        trial.green[0] = elapsed + held
        trial.length[0] = 1
        cost = _try(approach, work, best, trial, made, elapsed, cost)
    for _ in range(rounds):
        improved = _change_greens(approach, work, best, trial, made, elapsed, cost)
        improved = _change_stages(approach, work, best, trial, made, elapsed, improved)
        if improved >= cost:
            break
        cost = improved
    return cost


@compiled
def _change_greens(
    approach: Approach, work: Work, best: Plan, trial: Plan, made: Plan, elapsed: float, cost: float
) -> float:
    for row in range(3):
        for change in (1.0, -1.0, 4.0, -4.0) if int(elapsed) % 2 else (1.0, -1.0, 2.0, 8.0):
            if row >= best.length[0] or (row == 0 and best.green[0] + change < elapsed):
                continue
            if row > 0 and best.green[row] + change < approach.min_green[best.stage[row]]:
                continue
            _copy(best, trial)
            trial.length[0] = min(best.length[0], max(row + 2, 3))
            trial.green[row] += change
            cost = _try(approach, work, best, trial, made, elapsed, cost)
    return cost


@compiled
def _change_stages(
    approach: Approach, work: Work, best: Plan, trial: Plan, made: Plan, elapsed: float, cost: float
) -> float:
    for row in range(1, 3):
        for option in range(approach.change.shape[0]):
            if row >= best.length[0] or option == best.stage[row - 1] or option == best.stage[row]:
                continue
            _copy(best, trial)
            trial.length[0] = row + 1
            trial.stage[row] = option
            cost = _try(approach, work, best, trial, made, elapsed, cost)
    return cost


@compiled
def _try(approach: Approach, work: Work, best: Plan, trial: Plan, made: Plan, elapsed: float, cost: float) -> float:
    """Run a trial; where it is better it becomes the best, as it was really shown."""
    found = run_model(approach, work, trial, made, elapsed, cost)
    if found < cost - 1e-6:
        _copy(made, best)
        return found
    return cost


@compiled
def _copy(source: Plan, target: Plan) -> None:
    for row in range(STAGES_PLANNED):
        target.stage[row] = source.stage[row]
        target.green[row] = source.green[row]
    target.length[0] = source.length[0]
