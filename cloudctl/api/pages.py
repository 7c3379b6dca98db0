"""The live map's pages and files, and the base map: caching, byte ranges, nothing outside the lists."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.routing import Mount

from cloudctl.access.permissions import Permission, public, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.web_files import FOLDERS, REVALIDATE, ReleasedFiles, WebFiles

WEB = Path(__file__).resolve().parent.parent / "web"
PAGES = {"/": "index.html", "/sign-in": "sign-in.html", "/account": "account.html"}
TILES_TYPE = "application/vnd.pmtiles"


def _page(files: ReleasedFiles, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def get_page(request: Request) -> Response:
        content = files.look().page((WEB / name).read_text("utf-8")).encode()
        tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        headers = {"Cache-Control": REVALIDATE, "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/html", headers=headers)

    return get_page


def mount_pages(app: FastAPI, tiles: Path) -> None:
    """Serve the pages, their files, and the PMTiles file at `/tiles/base.pmtiles`."""
    router = APIRouter(include_in_schema=False)
    files = ReleasedFiles(WEB)

    for path, name in PAGES.items():
        router.add_api_route(path, _page(files, name), methods=["GET", "HEAD"], dependencies=[public()])

    @router.api_route("/tiles/base.pmtiles", methods=["GET", "HEAD"], dependencies=[requires(Permission.SEE_PICTURE)])
    def get_tiles(request: Request) -> FileResponse:
        if not tiles.is_file():
            raise ProblemError(404, "No base map", f"{request.url.path} was not written yet; import the map again")
        return FileResponse(tiles, media_type=TILES_TYPE, headers={"Cache-Control": REVALIDATE})

    app.include_router(router)
    # dozens of files make up a page: they come before all other routes
    app.router.routes.insert(0, Mount("/files", files, name="files"))
    for folder in FOLDERS:
        app.mount(f"/{folder}", WebFiles(directory=WEB / folder, check_dir=False), name=folder)
