"""The live map's files and the base map: strong enough caching (ETag, 304), byte ranges, nothing outside the lists."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from cloudctl.access.permissions import Permission, public, requires
from cloudctl.api.errors import ProblemError

WEB = Path(__file__).resolve().parent.parent / "web"
FOLDERS = ("js", "css", "img", "vendor")
PAGES = {"/": "index.html", "/sign-in": "sign-in.html", "/account": "account.html"}
REVALIDATE = "no-cache"
TILES_TYPE = "application/vnd.pmtiles"


class _RevalidatedFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = REVALIDATE
        return response


def _page(files: StaticFiles, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def get_page(request: Request) -> Response:
        return await files.get_response(name, request.scope)

    return get_page


def mount_pages(app: FastAPI, tiles: Path) -> None:
    """Serve the pages, their files, and the PMTiles file at `/tiles/base.pmtiles`."""
    router = APIRouter(include_in_schema=False)
    page = _RevalidatedFiles(directory=WEB)

    for path, name in PAGES.items():
        router.add_api_route(path, _page(page, name), methods=["GET", "HEAD"], dependencies=[public()])

    @router.api_route("/tiles/base.pmtiles", methods=["GET", "HEAD"], dependencies=[requires(Permission.SEE_PICTURE)])
    def get_tiles(request: Request) -> FileResponse:
        if not tiles.is_file():
            raise ProblemError(404, "No base map", f"{request.url.path} was not written yet; import the map again")
        return FileResponse(tiles, media_type=TILES_TYPE, headers={"Cache-Control": REVALIDATE})

    app.include_router(router)
    for folder in FOLDERS:
        app.mount(f"/{folder}", _RevalidatedFiles(directory=WEB / folder, check_dir=False), name=folder)
