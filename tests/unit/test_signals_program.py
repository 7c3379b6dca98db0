"""Programs: green stages, changes between them, what the plan shows when."""

import pytest

from cloudctl.signals.errors import ProgramError
from cloudctl.signals.program import Phase, Program, programs_conflicts

CROSSROADS = Program(
    "x",
    (Phase("GGrr", 30), Phase("yyrr", 3), Phase("rrrr", 2), Phase("rrGg", 20), Phase("rryy", 4)),
    offset=10.0,
)


def test_stages_are_the_rows_with_green_and_without_yellow() -> None:
    assert CROSSROADS.greens == (0, 3)


def test_a_change_in_program_order_is_the_programs_own() -> None:
    steps = CROSSROADS.change(0, 1)
    assert [(step.state, step.duration) for step in steps] == [("yyrr", 3), ("rrrr", 2)]
    assert [(step.state, step.duration) for step in CROSSROADS.change(1, 0)] == [("rryy", 4)]


def test_a_change_out_of_order_shows_the_yellow_and_all_red_of_the_stage_it_leaves() -> None:
    program = Program(
        "x",
        (
            Phase("Grr", 9),
            Phase("yrr", 4),
            Phase("rrr", 1),
            Phase("rGr", 9),
            Phase("ryr", 3),
            Phase("rrG", 9),
            Phase("rry", 3),
        ),
    )
    assert [(step.state, step.duration) for step in program.change(0, 2)] == [("yrr", 4), ("rrr", 1)]
    assert [(step.state, step.duration) for step in program.change(2, 1)] == [("rry", 3)]


def test_a_link_green_in_both_stages_keeps_its_green_and_protection_only_where_both_give_it() -> None:
    program = Program(
        "x", (Phase("GGr", 9), Phase("yyr", 3), Phase("rrG", 9), Phase("rry", 3), Phase("Ggr", 9), Phase("yyr", 3))
    )
    assert program.change(0, 2) == ()
    assert program.change(2, 1)[0].state == "yyr"
    assert (
        Program("x", (Phase("GGr", 9), Phase("yyr", 3), Phase("rrG", 9), Phase("rry", 3), Phase("grG", 9)))
        .change(0, 2)[0]
        .state
        == "gyr"
    )


def test_pedestrians_clear_before_vehicles_that_they_cross_start() -> None:
    program = Program(
        "x",
        (Phase("GrG", 20), Phase("Grr", 6), Phase("yrr", 3), Phase("rGr", 20), Phase("ryr", 3)),
        crossings=frozenset({2}),
    )
    assert program.greens == (0, 3)
    assert [(step.state, step.duration) for step in program.change(0, 1)] == [("Grr", 6), ("yrr", 3)]


def test_pedestrians_clear_also_in_a_change_out_of_order() -> None:
    phases = (
        Phase("GrrG", 20),
        Phase("Grrr", 7),
        Phase("yrrr", 3),
        Phase("rGrr", 9),
        Phase("ryrr", 3),
        Phase("rrGr", 9),
        Phase("rryr", 3),
    )
    steps = Program("x", phases, crossings=frozenset({3})).change(0, 2)
    assert [(step.state, step.duration) for step in steps] == [("Grrr", 7), ("yrrr", 3)]


def test_the_plan_repeats_from_its_offset() -> None:
    assert [CROSSROADS.row_at(10.0 + into) for into in (0, 29.9, 30, 33, 35, 54.9, 55, 58.9, 59)] == [
        0,
        0,
        1,
        2,
        3,
        3,
        4,
        4,
        0,
    ]
    assert CROSSROADS.row_at(9.9) == 4


def test_rows_without_green_lead_to_the_stage_behind_them() -> None:
    assert CROSSROADS.stage_of_row == (0, 1, 1, 1, 0)


def test_the_least_green_is_five_seconds_unless_the_program_says_otherwise() -> None:
    program = Program("x", (Phase("Gr", 30, 8.0), Phase("yr", 3), Phase("rG", 30), Phase("ry", 3), Phase("GG", 4)))
    assert program.min_greens == (8.0, 5.0, 4.0)


def test_links_never_green_together_conflict() -> None:
    assert programs_conflicts(["GGr", "rrG", "Grr"]) == {(0, 2), (1, 2)}


@pytest.mark.parametrize("phases", [(), (Phase("Gr", 3), Phase("G", 3)), (Phase("G", 0),)])
def test_a_program_that_shows_nothing_is_refused(phases: tuple[Phase, ...]) -> None:
    with pytest.raises(ProgramError, match="signal 'x'"):
        Program("x", phases)
