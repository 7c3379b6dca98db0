"""One table of strings: none missing, none unused, both languages filled, the same places to fill in."""

import re
from pathlib import Path

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
ENTRY = re.compile(r'^\s*"([\w.]+)": \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.MULTILINE)
TABLES = "\n".join(path.read_text("utf-8") for path in sorted((WEB / "js").glob("strings_*.js")))
STRINGS = {key: (zh, en) for key, zh, en in ENTRY.findall(TABLES)}
SOURCES = {
    path: path.read_text("utf-8")
    for path in [*sorted(WEB.glob("*.html")), *sorted((WEB / "js").glob("*.js"))]
    if not path.name.startswith("strings_")
}
TEXT = "\n".join(SOURCES.values())
LITERAL = re.compile(r'"([a-z]+\.[A-Za-z0-9_]+)"')
FAMILY = re.compile(r"\bt\(`([a-z]+)\.\$\{|\b(?:member|told)\(\"([a-z]+)\"")
CHINESE = re.compile(r"[一-鿿]")


def _used() -> set[str]:
    families = {first or second for first, second in FAMILY.findall(TEXT)}
    by_family = {key for key in STRINGS if key.partition(".")[0] in families}
    return by_family | (set(LITERAL.findall(TEXT)) & STRINGS.keys())


def test_the_table_is_read_whole() -> None:
    lines = [line for line in TABLES.splitlines() if line.startswith('  "')]
    assert len(lines) == len(STRINGS) > 100


def test_every_string_is_used() -> None:
    assert sorted(STRINGS.keys() - _used()) == []


def test_every_string_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r'\bt\("([\w.]+)"', TEXT))
    asked |= set(re.findall(r'data-i18n(?:-\w+)?="([\w.]+)"', TEXT))
    prefixes = {key.partition(".")[0] for key in STRINGS}
    asked |= {key for key in LITERAL.findall(TEXT) if key.partition(".")[0] in prefixes}
    assert sorted(asked - STRINGS.keys()) == []


def test_both_languages_fill_in_the_same_values() -> None:
    places = re.compile(r"\{(\w+)\}")
    uneven = [key for key, (zh, en) in STRINGS.items() if sorted(places.findall(zh)) != sorted(places.findall(en))]
    assert uneven == []


def test_no_string_is_empty_and_english_holds_no_chinese() -> None:
    wrong = [key for key, (zh, en) in STRINGS.items() if not zh or not en or CHINESE.search(en)]
    assert wrong == ["action.language"]


def test_no_text_hides_in_the_sources() -> None:
    assert [path.name for path, text in SOURCES.items() if CHINESE.search(text)] == []


def test_the_page_has_no_inline_script_or_style() -> None:
    for path in WEB.glob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page), path
        assert not re.search(r"https?://", page), path
