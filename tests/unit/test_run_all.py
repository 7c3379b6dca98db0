"""How `make test` runs all tests: none is left out, and one failure fails all."""

from pathlib import Path

import pytest
import run_all


def test_every_folder_with_tests_is_run_once() -> None:
    run = [folder for each in run_all.rounds() for folders in each.values() for folder in folders]
    assert sorted(run) == sorted({path.parent.name for path in Path(run_all.__file__).parent.glob("*/test_*.py")})


@pytest.mark.parametrize(
    ("codes", "expected"), [([0, 0, 0], 0), ([0, 1, 0], 1), ([0, 0, 2], 2), ([5, 0, 5], 0), ([5, 5], 5), ([0, -9], -9)]
)
def test_one_failure_fails_all_and_no_tests_at_all_is_one(codes: list[int], expected: int) -> None:
    assert run_all.verdict(codes) == expected


def test_all_lines_of_a_process_are_shown_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "tests/one").mkdir(parents=True)
    (tmp_path / "tests/one/test_one.py").write_text("def test_wrong():\n    assert 1 == 2\n")
    monkeypatch.setattr(run_all, "TESTS", tmp_path / "tests")
    assert run_all.Run("busy", ["one"], ["-q", "-p", "no:cacheprovider"]).wait() == 1
    lines = capfd.readouterr().out.splitlines()
    assert all(line.startswith("busy    | ") for line in lines)
    assert any("assert 1 == 2" in line for line in lines)
    assert "FAILED after" in lines[-1]
