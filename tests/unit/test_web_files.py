"""Files of the live map: named by release, packed, kept for ever by the browser, and nothing beside them."""

import gzip
import time
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from cloudctl.api.web_files import FOR_EVER, REVALIDATE, Release, ReleasedFiles

PAGE = '<head><link href="css/a.css"><script type="module" src="js/main.js"></script></head><img src="img/x.svg">'
LONG = "// " + "x" * 2000


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A small page."""
    for folder in ("js", "css", "img", "vendor", "node_modules"):
        (tmp_path / folder).mkdir()
    (tmp_path / "js" / "main.js").write_text('import { a } from "./a.js";\nconst b = import("../vendor/big.mjs");')
    (tmp_path / "js" / "a.js").write_text(f'export * from "./deep.js";\n{LONG}')
    (tmp_path / "js" / "deep.js").write_text('import "./a.js";')
    (tmp_path / "js" / "other.js").write_text("1")
    (tmp_path / "vendor" / "big.mjs").write_text(LONG * 2)
    (tmp_path / "node_modules" / "secret.js").write_text("1")
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


@pytest.fixture
def files(web: Path) -> ReleasedFiles:
    """Its files, read into memory."""
    made = ReleasedFiles(web)
    until = time.monotonic() + 10
    while len(made.release.kept) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    return made


def _client(files: ReleasedFiles) -> httpx.AsyncClient:
    app = Starlette(routes=[Mount("/files", files)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://map")


def test_a_page_names_all_modules_it_will_need_and_the_release_of_each(web: Path) -> None:
    release = Release.now(web)
    page = release.page(PAGE)
    for path in ("js/main.js", "js/a.js", "js/deep.js", "vendor/big.mjs"):
        assert f'<link rel="modulepreload" href="files/{release.name}/{path}">' in page
    assert f'href="files/{release.name}/css/a.css"' in page
    assert 'src="img/x.svg"' in page
    assert "other.js" not in page


def test_an_edited_file_makes_another_release(web: Path) -> None:
    before = Release.now(web).name
    assert Release.now(web).name == before
    (web / "js" / "a.js").write_text("2")
    assert Release.now(web).name != before


async def test_a_file_of_the_release_stays_in_the_browser(files: ReleasedFiles) -> None:
    async with _client(files) as client:
        answer = await client.get(f"/files/{files.release.name}/js/a.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text.endswith(LONG)


@pytest.mark.parametrize(
    ("offer", "packed"), [("gzip, br", True), ("gzip;q=0", False), ("gzip;q=0.5", True), ("br", False)]
)
async def test_a_file_is_packed_where_the_browser_takes_that(files: ReleasedFiles, offer: str, packed: bool) -> None:
    async with _client(files) as client:
        answer = await client.get(f"/files/{files.release.name}/vendor/big.mjs", headers={"Accept-Encoding": offer})
    assert ("content-encoding" in answer.headers) is packed
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.text == LONG * 2


async def test_an_older_release_gets_the_file_of_today_and_asks_again(files: ReleasedFiles) -> None:
    async with _client(files) as client:
        answer = await client.get("/files/0123/js/a.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, REVALIDATE)


@pytest.mark.parametrize("path", ["package.json", "node_modules/secret.js", "js/../package.json", "js/none.js", ""])
async def test_nothing_beside_the_folders_is_served(files: ReleasedFiles, path: str) -> None:
    async with _client(files) as client:
        answer = await client.get(f"/files/{files.release.name}/{path}")
    assert answer.status_code == 404


def test_what_is_packed_is_the_file(files: ReleasedFiles) -> None:
    kept = files.release.kept["js/a.js"]
    assert gzip.decompress(kept.packed) == kept.content
    assert files.release.kept["js/other.js"].packed == b""
