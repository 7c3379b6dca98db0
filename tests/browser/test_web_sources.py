"""The page's own code: types hold, and the frame decoder of the browser is the twin of Python's."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cloudctl.publish.frames import DTYPES, Column, FrameKind, encode_frame

NODE = shutil.which("node")
WEB = Path(__file__).parents[2] / "cloudctl" / "web"
DECODE = """
import { readFileSync } from "node:fs";
import { decodeFrame } from "./js/frames.js";
const answers = JSON.parse(readFileSync(0, "utf-8")).map((hex) => {
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  try {
    const frame = decodeFrame(bytes.buffer);
    const columns = [...frame.columns].map(([name, column]) => [name, [...column].map(String)]);
    return { ...frame, columns: Object.fromEntries(columns) };
  } catch (fault) {
    return fault.constructor.name;
  }
});
process.stdout.write(JSON.stringify(answers));
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(NODE is None, reason="Node is not installed"),
]


def _decoded(frames: list[bytes]) -> list[dict[str, object] | str]:
    done = subprocess.run(
        [NODE or "", "--input-type=module", "--eval", DECODE],
        cwd=WEB, input=json.dumps([frame.hex() for frame in frames]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers: list[dict[str, object] | str] = json.loads(done.stdout)
    return answers


def test_the_browser_reads_every_dtype_as_python_wrote_it() -> None:
    columns: dict[str, Column] = {f"c{code}": np.array([0, 1, 250], dtype) for code, dtype in DTYPES.items()}
    [answer] = _decoded([encode_frame(FrameKind.MOVERS, 4_000_000_000, 1_790_000_000.25, columns, epoch=7, key=False)])
    assert answer == {
        "kind": 1, "tick": 4_000_000_000, "count": 3, "timeMs": 1_790_000_000_250, "epoch": 7, "key": False,
        "columns": {name: ["0", "1", "250"] for name in columns},
    }  # fmt: skip


def test_the_browser_refuses_what_python_refuses() -> None:
    good = encode_frame(FrameKind.MOVERS, 1, 1.0, {"id": np.arange(5, dtype=np.uint32), "age": np.zeros(5, np.uint16)})
    bad = [b"", good[:39], b"XXXX" + good[4:], good[:4] + b"\x02" + good[5:], good[:-12], good[:36]]
    far = bytearray(good)
    far[52:56] = (2**31).to_bytes(4, "little")
    many = bytearray(good)
    many[12:16] = (2**32 - 1).to_bytes(4, "little")
    assert _decoded([*bad, bytes(far), bytes(many)]) == ["FrameError"] * 8


def test_types_hold_under_the_strict_checker() -> None:
    checker = WEB / "node_modules" / ".bin" / "tsc"
    if not checker.exists() or not (WEB / "vendor").is_dir():
        pytest.skip("run `deploy/setup/web-libraries.sh --dev` first")
    done = subprocess.run([str(checker), "-p", str(WEB)], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
