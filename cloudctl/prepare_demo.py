"""`python -m cloudctl.prepare_demo`: build the demo city and compile inner loops, so that the demo starts at once."""

import asyncio
import sys
from pathlib import Path

from cloudctl.compiled_code import forget_other_versions, use_compiled_code
from cloudctl.demo_files import prepare_city
from cloudctl.errors import CloudctlError


def main(data_dir: Path) -> int:
    """Prepare what is not prepared yet."""

    def say(text: str) -> None:
        sys.stdout.write(f"setup: {text}\n")

    folder = use_compiled_code()
    ready = folder / "ready"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        files = asyncio.run(prepare_city(data_dir, None, say))
    except CloudctlError as error:
        sys.stderr.write(f"setup: {error}\n")
        return 1
    if not ready.exists():
        say("compiling inner loops (once, about half a minute)")
        _compile(files.network)
        forget_other_versions(folder)
        ready.touch()
    return 0


def _compile(network: Path) -> None:
    from cloudctl.engine.warm_up import warm_up  # noqa: PLC0415  # numba may be imported only now
    from cloudctl.playback.warm_up import warm_up as warm_up_replay  # noqa: PLC0415  # the same
    from maps.network_file import open_network  # noqa: PLC0415  # the same

    warm_up(open_network(network))
    warm_up_replay()


if __name__ == "__main__":
    sys.exit(main(Path("var")))
