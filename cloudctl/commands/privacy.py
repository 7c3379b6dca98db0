"""`cloudctl privacy`: check receipts, take vehicles out of recordings."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
Config = Annotated[
    Path, typer.Option(help="Settings (TOML), or `running.json` in the data folder of a running platform.")
]


@app.command("verify-receipt")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="Receipt as the API gives it (JSON).")],
    config: Config = Path("var/running.json"),
) -> None:
    """Check that a receipt is ours, unchanged, and says that nothing is left; exit code 2 where not."""
    import msgspec

    from cloudctl.errors import CloudctlError
    from cloudctl.privacy.keys import KeyRing
    from cloudctl.privacy.receipt import check, read_receipt
    from cloudctl.settings import read_settings

    try:
        receipt = read_receipt(file.read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        raise CloudctlError(f"receipt {file}: {error}") from error
    fault = check(receipt, KeyRing(read_settings(config).data_dir / "keys"))
    if fault is not None:
        print(f"NOT VALID: {fault}")
        raise typer.Exit(2)
    before = sum(place.before for place in receipt.places)
    print(f"valid: withdrawal {receipt.withdrawal}, {before} rows erased, {len(receipt.searched)} tables searched")


@app.command("erase-recording")
def erase_recording(
    file: Annotated[Path, typer.Argument(help="Recording (.jsonl, .jsonl.gz); it is rewritten in place.")],
    subject: Annotated[list[str], typer.Option(help="Vehicle to take out; may be given more than once.")],
) -> None:
    """Take every line that names a vehicle out of a recording kept outside the platform's data folder."""
    from cloudctl.errors import CloudctlError
    from cloudctl.privacy.files import erase_recording as erase

    try:
        print(f"{erase(file, subject)} lines erased")
    except OSError as error:
        raise CloudctlError(f"recording {file}: {error.strerror or error}") from error
