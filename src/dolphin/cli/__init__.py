"""The command line: one module a command or command group, each a thin shell over the part that does the work.

Only the module of the command that was typed is imported, so that a ledger query does not wait for the trading engine.
Errors become one line and an exit code here and nowhere else.
"""

import importlib
import sys
from collections.abc import Sequence

import msgspec
import typer

from dolphin.errors import DolphinError, ExitCode
from dolphin.host.private import be_private

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
    "test": "dolphin.cli.test",
    "bench": "dolphin.cli.bench",
    "explain": "dolphin.cli.explain",
    "record": "dolphin.cli.feed",
    "replay": "dolphin.cli.feed",
    "exchange": "dolphin.cli.feed",
    "prune": "dolphin.cli.upkeep",
    "backup": "dolphin.cli.upkeep",
    "restore": "dolphin.cli.upkeep",
}
_HELP = "How much leverage a trading system is entitled to right now. Start with: dolphin demo"
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns its exit status (`ExitCode`, or 130 after Ctrl-C)."""
    be_private()
    app = _assemble(arguments[0] if arguments else "")
    try:
        app(args=list(arguments) or ["--help"], prog_name="dolphin")
    except DolphinError as error:
        _report(error, as_json="--json" in arguments)
        return error.exit_code
    except SystemExit as end:  # how typer ends, after Ctrl-C too
        status = end.code if isinstance(end.code, int) else ExitCode.FAILED
        if status == _INTERRUPTED:
            print("dolphin: interrupted; everything it started has been stopped.", file=sys.stderr)
        return status
    return ExitCode.DONE


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


def _root() -> None:
    """Keeps a single registered command a subcommand, so that its name must be typed."""


def _report(error: DolphinError, *, as_json: bool) -> None:
    print(f"dolphin: {error}", file=sys.stderr)
    if as_json:
        said = {"what": error.what, "field": error.field, "value": error.value, "remedy": error.remedy, "exit_code": int(error.exit_code)}
        print(msgspec.json.encode({"error": said}, enc_hook=str).decode())
