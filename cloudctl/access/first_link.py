"""Where the one-time link for the first administrator waits for the command that started the platform.

The gateway writes the file, readable by the service account alone, and removes it when there is an administrator.
"""

import asyncio
import os
from pathlib import Path

FILE = "first-administrator-link"
PATIENCE_S = 10.0


def write_first_link(data_dir: Path, link: str) -> None:
    """Leave the link; an empty one says that there is an administrator already."""
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = data_dir / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(link)
    fresh.replace(data_dir / FILE)  # whoever waits for it never sees half of it


def forget_first_link(data_dir: Path) -> None:
    """Remove what an earlier start left."""
    (data_dir / FILE).unlink(missing_ok=True)


async def read_first_link(data_dir: Path, patience: float = PATIENCE_S) -> str | None:
    """Wait up to `patience` s for the link; None where no administrator is needed or nothing was left."""
    path = data_dir / FILE
    until = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < until:
        if path.is_file():
            return path.read_text("utf-8") or None
        await asyncio.sleep(0.1)
    return None
