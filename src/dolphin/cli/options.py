"""Options that every command spells the same way."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

HomeOption = Annotated[Path, typer.Option("--home", help="Where state is kept.", metavar="DIR", file_okay=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]

DEFAULT_HOME = Path(".dolphin")


def print_json(result: Any) -> None:
    """One JSON object on one line of standard output."""
    print(msgspec.json.encode(result).decode(), flush=True)
