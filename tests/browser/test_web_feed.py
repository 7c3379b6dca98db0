"""The feed's worker keeps of each kind of frame the newest alone, in an order that a page can read."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")
WEB = Path(__file__).parents[2] / "cloudctl" / "web"
RUN = """
import { readFileSync } from "node:fs";
import { Backlog } from "./js/feed_backlog.js";
const backlog = new Backlog();
const frame = (kind, mark) => {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint16(6, kind, true);
  view.setUint32(8, mark, true);
  return view.buffer;
};
const said = (message) => (typeof message === "string" ? message : message.byteLength < 8 ? "short"
  : [new DataView(message).getUint16(6, true), new DataView(message).getUint32(8, true)]);
const steps = JSON.parse(readFileSync(0, "utf-8"));
const made = (step) => (step.length ? frame(...step) : new ArrayBuffer(3));
for (const step of steps) backlog.add(typeof step === "string" ? step : made(step));
const first = backlog.take().map(said);
process.stdout.write(JSON.stringify([first, backlog.empty, backlog.take().length]));
"""
KEY, ENTRIES, MOVES, LINKS, CHANGES, SIGNALS = 10, 11, 12, 2, 13, 3

pytestmark = [pytest.mark.browser, pytest.mark.skipif(NODE is None, reason="Node is not installed")]


def _left(messages: list[str | list[int]]) -> list[object]:
    done = subprocess.run(
        [NODE or "", "--input-type=module", "--eval", RUN],
        cwd=WEB, input=json.dumps(messages), capture_output=True, text=True, check=True,
    )  # fmt: skip
    [left, empty, again] = json.loads(done.stdout)
    assert (empty, again) == (True, 0)
    found: list[object] = left
    return found


def test_of_each_kind_the_newest_stays_behind_its_key() -> None:
    messages: list[str | list[int]] = [
        [KEY, 1],
        [MOVES, 2],
        [ENTRIES, 3],
        [MOVES, 4],
        [SIGNALS, 5],
        [SIGNALS, 6],
        [MOVES, 7],
    ]
    assert _left(messages) == [[KEY, 1], [ENTRIES, 3], [SIGNALS, 6], [MOVES, 7]]


def test_a_new_key_makes_what_rested_on_the_old_one_worthless() -> None:
    messages: list[str | list[int]] = [
        [KEY, 1],
        [ENTRIES, 2],
        [MOVES, 3],
        [LINKS, 4],
        [CHANGES, 5],
        [KEY, 6],
        [LINKS, 7],
        [MOVES, 8],
    ]
    assert _left(messages) == [[KEY, 6], [LINKS, 7], [MOVES, 8]]


def test_texts_stay_all_and_come_first() -> None:
    assert _left(["a", [MOVES, 1], "b", "a"]) == ["a", "b", "a", [MOVES, 1]]


def test_what_is_no_frame_is_passed_on_to_be_refused() -> None:
    assert _left([[], [MOVES, 1]]) == ["short", [MOVES, 1]]
