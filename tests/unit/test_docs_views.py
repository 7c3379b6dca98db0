"""Pages with pictures: every view in both themes and languages, no picture missing, none unused, all of them small."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/views.md", "docs/views.zh-CN.md", "README.md", "README.zh-CN.md")
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")
WALKS = {"light-zh", "dark-zh", "light-en", "dark-en"}
MOST_BYTES = 60_000
MOST_OF_ALL = 4_000_000


def _pictures(page: str) -> list[Path]:
    path = ROOT / page
    return [(path.parent / name).resolve() for name in PICTURE.findall(path.read_text("utf-8"))]


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_of_a_page_is_there(page: str) -> None:
    pictures = _pictures(page)
    assert pictures
    assert [path for path in pictures if not path.is_file()] == []


def test_every_view_is_shown_in_both_themes_and_languages() -> None:
    for page in PAGES[:2]:
        shown: dict[str, set[str]] = {}
        for path in _pictures(page):
            view, theme, language = path.stem.rsplit("-", 2)
            shown.setdefault(view, set()).add(f"{theme}-{language}")
        assert len(shown) >= 22
        assert {view: walks for view, walks in shown.items() if walks != WALKS} == {}


def test_no_picture_is_unused_and_all_are_small() -> None:
    kept = sorted((ROOT / "docs" / "views").iterdir())
    assert set(kept) == set(_pictures("docs/views.md"))
    sizes = [path.stat().st_size for path in kept]
    assert max(sizes) <= MOST_BYTES
    assert sum(sizes) <= MOST_OF_ALL


def test_the_readmes_lead_to_the_page() -> None:
    for page, target in (("README.md", "docs/views.md"), ("README.zh-CN.md", "docs/views.zh-CN.md")):
        assert f"({target})" in (ROOT / page).read_text("utf-8")
