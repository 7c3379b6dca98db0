"""Where the machine code of inner loops is kept between runs.

numba notices a change of the file that holds a function, but not of a function that it calls in another file. So each
version of the source has a folder of its own, and the folders of other versions are removed.
"""

import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
_PACKAGES = ("maps", "fusion", "cloudctl.signals")
_STEM = "v2x-compiled-"


def source_fingerprint(*packages: str) -> str:
    """Return a digest of the source of packages."""
    digest = hashlib.sha256()
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted(Path(spec.origin).parent.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def compiled_code_folder() -> Path:
    """Return the folder for this version of the source, beside the interpreter or in the user's cache."""
    home = Path(sys.prefix)
    if sys.prefix == sys.base_prefix or not os.access(home, os.W_OK):
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / f"{_STEM}{source_fingerprint(*_PACKAGES)}"


def use_compiled_code() -> Path:
    """Let numba, which must not be imported yet, keep its code in the folder; return it."""
    folder = compiled_code_folder()
    os.environ.setdefault(VARIABLE, str(folder))
    return folder


def forget_other_versions(folder: Path) -> None:
    """Remove the folders of other versions of the source."""
    for other in folder.parent.glob(f"{_STEM}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
