"""The browser's files: kept in memory packed, under an address that names the release, so that they are read once.

`/files/{release}/js/main.js` never changes: a browser keeps it for a year and asks no more. The release is the digest
of names, sizes and times of all files; it is looked up with every page, so that an edited file is seen at once. The
pages carry a list of all modules they are going to need, so that a browser fetches them at once, not level by level.
"""

import hashlib
import re
import threading
import zlib
from dataclasses import dataclass, field
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDERS = ("js", "css", "img", "vendor")
REVALIDATE = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
PACKED = frozenset({".js", ".mjs", ".css", ".svg"})
LEAST_PACKED = 1000
"""Smaller files stay as they are, bytes."""
SCRIPT = "text/javascript"
_LINK = re.compile(r'((?:src|href)=")((?:js|css|vendor)/)')
_ENTRY = re.compile(r'<script type="module" src="([^"]+)"')
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']""")
_GZIP = re.compile(r"gzip(;q=(1|0?\.[0-9]*[1-9]).*)?")


@dataclass(frozen=True)
class Kept:
    """One file in memory."""

    content: bytes
    packed: bytes
    """Gzip (RFC 1952) of it; empty where that is not worth it."""
    media_type: str


@dataclass
class Release:
    """One state of the files in the folders of `web`."""

    web: Path
    name: str
    kept: dict[str, Kept] = field(default_factory=dict)
    """By path; those that were read so far."""
    _modules: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def now(cls, web: Path) -> "Release":
        """Look at the files."""
        digest = hashlib.blake2b(digest_size=8)
        for path in _files(web):
            stat = path.stat()
            digest.update(f"{path.relative_to(web)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        return cls(web, digest.hexdigest())

    def keep(self) -> None:
        """Read and pack all files, the largest first, in a thread of its own; they are served meanwhile."""
        threading.Thread(target=self._read, name="web files", daemon=True).start()

    def modules(self, entry: str) -> list[str]:
        """Paths of all modules that a module imports, however deep, and its own; the largest first."""
        if entry not in self._modules:
            found: list[str] = []
            waiting = [entry]
            while waiting:
                path = waiting.pop(0)
                if path in found or not (self.web / path).is_file():
                    continue
                found.append(path)
                text = (self.web / path).read_text("utf-8") if path.startswith("js/") else ""
                names = [(self.web / path).parent / name for name in _IMPORT.findall(text)]
                waiting += [str(name.resolve().relative_to(self.web)) for name in names]
            self._modules[entry] = sorted(found, key=lambda path: -(self.web / path).stat().st_size)
        return self._modules[entry]

    def page(self, text: str) -> str:
        """Let a page name its files by release, and all its modules."""
        entry = _ENTRY.search(text)
        wanted = self.modules(entry[1]) if entry else []
        links = "".join(f'  <link rel="modulepreload" href="{path}">\n' for path in wanted)
        return _LINK.sub(rf"\1files/{self.name}/\2", text.replace("</head>", f"{links}</head>"))

    def _read(self) -> None:
        for path in sorted(_files(self.web), key=lambda path: -path.stat().st_size):
            content = path.read_bytes()
            worth = path.suffix in PACKED and len(content) >= LEAST_PACKED
            media_type = SCRIPT if path.suffix in {".js", ".mjs"} else guess_type(path.name)[0] or "text/plain"
            self.kept[str(path.relative_to(self.web))] = Kept(content, _gzip(content) if worth else b"", media_type)


class WebFiles(StaticFiles):
    """Files of one folder, to be asked after every time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, or with 304 where the browser has it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = REVALIDATE
        return response


class ReleasedFiles(WebFiles):
    """All files under `{release}/{folder}/...`: for ever where the release is today's."""

    def __init__(self, web: Path) -> None:
        super().__init__(directory=web)
        self.release = Release.now(web)
        self.release.keep()

    def look(self) -> Release:
        """Look whether the files have changed."""
        now = Release.now(self.release.web)
        if now.name != self.release.name:
            self.release = now
            now.keep()
        return self.release

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file of a folder; under an older release with today's file, which is to be asked after."""
        release, _, rest = path.partition("/")
        if rest.partition("/")[0] not in FOLDERS:
            raise HTTPException(404)
        if release != self.release.name:
            return await super().get_response(rest, scope)
        kept = self.release.kept.get(rest)
        response = _answer(kept, scope) if kept is not None else await super().get_response(rest, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response


def _answer(kept: Kept, scope: Scope) -> Response:
    packed = bool(kept.packed) and _takes_gzip(scope)
    headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if packed else {})
    return Response(kept.packed if packed else kept.content, media_type=kept.media_type, headers=headers)


def _files(web: Path) -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (web / folder).rglob("*") if path.is_file())


def _takes_gzip(scope: Scope) -> bool:
    offered = Headers(scope=scope).get("accept-encoding", "")
    return any(_GZIP.fullmatch(part.replace(" ", "")) for part in offered.split(","))


def _gzip(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()
