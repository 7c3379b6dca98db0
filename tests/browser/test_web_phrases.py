"""What the platform says in sentences is read in Chinese too: no evidence and no reason is without a translation."""

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

NODE = shutil.which("node")
ROOT = Path(__file__).parents[2]
WEB = ROOT / "cloudctl" / "web"
TRANSLATE = """
import { readFileSync } from "node:fs";
globalThis.localStorage = { getItem: () => "zh", setItem: () => undefined };
const { phrase } = await import("./js/phrases.js");
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(phrase)));
"""
SOURCES = [
    *sorted((ROOT / "fusion").glob("*.py")),
    *(ROOT / "cloudctl" / "advice" / f"{name}.py" for name in ("glosa", "parking")),
]
ENGLISH = re.compile(r"[A-Za-z]{3,}")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(NODE is None, reason="Node is not installed")]


def _translated(texts: list[str]) -> list[str]:
    done = subprocess.run(
        [NODE or "", "--input-type=module", "--eval", TRANSLATE],
        cwd=WEB, input=json.dumps(texts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[str] = json.loads(done.stdout)
    return found


def _sentences(path: Path) -> Iterator[str]:
    """Texts that a source gives as `evidence` or `reason`, with a figure for each value."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        named = [(each.arg, each.value) for each in node.keywords] if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named = [(node.targets[0].id, node.value)]
        for name, value in named:
            if name in {"evidence", "reason"} and isinstance(value, ast.JoinedStr):
                yield "".join(_piece(part, where) for where, part in enumerate(value.values))


def _piece(part: ast.expr, where: int) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    said = ast.unparse(part)
    return "is green" if "state" in said else "pedestrian" if "who" in said else str(where + 2)


def test_every_evidence_and_reason_of_the_sources_is_translated() -> None:
    sentences = [text for path in SOURCES for text in _sentences(path)]
    assert len(sentences) >= 15
    translated = dict(zip(sentences, _translated(sentences), strict=True))
    assert {text: zh for text, zh in translated.items() if ENGLISH.search(zh)} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Link E1_E2 has a blocked lane; the way over 12 other links saves 45 s.",
            "路段 E1_E2 发生车道阻断；改走另外 12 个路段可节省 45 秒",
        ),
        (
            "Traffic is jammed on link 7 at 8 km/h with 60 m of queue for 31 s.",
            "路段 7：交通拥堵，车速 8 km/h，排队 60 米，已持续 31 秒",
        ),
        (
            "Bus BUS00046 reaches signal W2C in 14 s; turning green earlier by up to 9 s lets it pass without a stop.",
            "公交 BUS00046 将在 14 秒后到达信号灯 W2C；提前绿灯，最多 9 秒，即可不停车通过",
        ),
        (
            "Pedestrians have waited for more than a minute; stage 2 serves 5 vehicles within 60 s, stage 1 2.",
            "行人等待已超过 1 分钟；阶段 2 在 60 秒内放行 5 辆，阶段 1 放行 2 辆",
        ),
        (
            "link a.b(c) runs at 4 km/h with 9 vehicles, a queue of 70 m and level severe for 40 s",
            "路段 a.b(c) 车速 4 km/h，9 辆车，排队 70 米，严重拥堵已持续 40 秒",
        ),
        ("请减速慢行", "请减速慢行"),
        ("Roadworks until Friday", "Roadworks until Friday"),
    ],
)
def test_a_sentence_takes_its_figures_along_and_an_unknown_one_stays(text: str, expected: str) -> None:
    assert _translated([text]) == [expected]


def test_no_sentence_is_mistaken_for_another() -> None:
    table = (WEB / "js" / "strings_platform.js").read_text("utf-8")
    english = [each.replace('\\"', '"') for each in re.findall(r'"phrase\.\w+": \["[^"]+", "([^"]+)"\]', table)]
    samples = [re.sub(r"\{inner\}", "it comes in green", text) for text in english]
    samples = [re.sub(r"\{\w+\}", "3", text) for text in samples]
    zh = _translated(samples)
    assert len(set(zh)) == len(zh) > 40
