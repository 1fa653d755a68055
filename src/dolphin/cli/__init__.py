"""The command line: one module a command or command group, each a thin shell over the part that does the work.

Only the module of the command that was typed is imported, so that a ledger query does not wait for the trading engine.
Errors become one line and an exit code here and nowhere else.
"""

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import msgspec
import typer
from typer._click.exceptions import ClickException
from typer.rich_utils import rich_format_error

from dolphin.errors import BadInput, DolphinError, ExitCode
from dolphin.host.home import REPOSITORY

_GROUPS = {
    "breaker": "dolphin.cli.breaker",
    "job": "dolphin.cli.job",
    "ledger": "dolphin.cli.ledger",
    "posture": "dolphin.cli.posture",
    "stage": "dolphin.cli.stage",
    "trace": "dolphin.cli.trace",
}
_COMMANDS = {
    "demo": "dolphin.cli.demo",
    "up": "dolphin.cli.system",
    "down": "dolphin.cli.system",
    "status": "dolphin.cli.system",
    "member": "dolphin.cli.member",
    "test": "dolphin.cli.test",
    "bench": "dolphin.cli.bench",
    "explain": "dolphin.cli.explain",
    "record": "dolphin.cli.feed",
    "replay": "dolphin.cli.feed",
    "exchange": "dolphin.cli.feed",
}
_HELP = "How much leverage a trading system is entitled to right now. Start with: dolphin demo"
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns its exit status (`ExitCode`, or 130 after Ctrl-C)."""
    app, as_json = _assemble(arguments[0] if arguments else ""), "--json" in arguments
    try:
        status = app(args=list(arguments) or ["--help"], prog_name="dolphin", standalone_mode=False) or ExitCode.DONE
    except DolphinError as error:
        print(f"dolphin: {error}", file=sys.stderr)
        return _report(error, as_json=as_json)
    except ClickException as wrong:
        rich_format_error(wrong)
        remedy = "See dolphin --help, and --help of the command."
        return _report(BadInput(wrong.format_message(), remedy=remedy), as_json=as_json)
    except typer.Abort:
        status = _INTERRUPTED
    except SystemExit as end:  # what reads its output has gone
        status = end.code if isinstance(end.code, int) else ExitCode.FAILED
    if status == _INTERRUPTED:
        print("dolphin: interrupted; everything it started has been stopped.", file=sys.stderr)
    return int(status)


def _assemble(name: str) -> typer.Typer:
    app = typer.Typer(help=_HELP, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_root)
    groups = {name: _GROUPS[name]} if name in _GROUPS else {} if name in _COMMANDS else _GROUPS
    commands = {_COMMANDS[name]} if name in _COMMANDS else set() if name in _GROUPS else set(_COMMANDS.values())
    for module in sorted(commands):
        app.add_typer(importlib.import_module(module).app)
    for group, module in groups.items():
        app.add_typer(importlib.import_module(module).app, name=group)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=lambda asked: asked and _tell_version())] = False,
) -> None:
    """Keeps a single registered command a subcommand, so that its name must be typed."""


def _tell_version() -> None:
    """Says of what version this is, and of what commit where it is a checkout."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit = ""
    with suppress(OSError):  # no git here
        asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        commit = f" (commit {asked.stdout.strip()})" if asked.returncode == 0 else ""
    print(f"dolphin {project['version']}{commit}")
    raise typer.Exit


def _report(error: DolphinError, *, as_json: bool) -> ExitCode:
    if as_json:
        said = {"what": error.what, "field": error.field, "value": error.value, "remedy": error.remedy, "exit_code": int(error.exit_code)}
        print(msgspec.json.encode({"error": said}, enc_hook=str).decode())
    return error.exit_code
