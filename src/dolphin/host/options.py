"""What a process of ours is started with: one frozen struct, written as JSON by whoever starts it and given to it by path.

The file stays in the run directory, so that what a process was asked to do can be read afterwards.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from dolphin.config import Strict, refusal, refuse_passwords
from dolphin.core.contract import names
from dolphin.errors import BadInput

_ADDRESSES: Final = ("member", "live")
"""Options that hold addresses; paths may look like one with a password."""


class WorkerOptions(Strict, frozen=True, kw_only=True):
    """What every process of a run is told."""

    member: str
    """HOST:PORT of a Hazelcast member, several separated by commas."""
    cluster_name: str = names.DEFAULT_CLUSTER
    run_id: str
    run_dir: Path
    """Where its journal goes."""


def write_options(options: WorkerOptions, path: Path) -> Path:
    """Writes `options` to `path`, whose folder is made; returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(options, enc_hook=str), indent=1) + b"\n")
    return path


def read_options[T: WorkerOptions](path: Path, kind: type[T]) -> T:
    """The options in the file `path`.

    Raises:
        BadInput: no such file, not JSON, an unknown or missing field, a wrong type, a value out of range, a password; names the field.
    """
    remedy = f"Write it as {kind.__name__} says ({kind.__module__})."
    try:
        tree = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise BadInput(f"the options cannot be read ({error.strerror})", field="FILE", value=str(path), remedy=remedy) from error
    except msgspec.DecodeError as error:
        raise BadInput(f"not JSON: {error}", field="FILE", value=str(path), remedy=remedy) from error
    if isinstance(tree, dict):
        refuse_passwords({key: tree[key] for key in _ADDRESSES if key in tree}, where=path.name)
    try:
        return msgspec.convert(tree, kind, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        raise refusal(error, tree, where=path.name, remedy=remedy) from error


def options_file(arguments: list[str], program: str) -> Path:
    """The one argument of `program`, a worker. BadInput where there is not exactly one."""
    if len(arguments) != 1:
        raise BadInput("not one file", field="arguments", value=" ".join(arguments), remedy=f"Run: python -m {program} FILE")
    return Path(arguments[0])


def _to_path(kind: type, value: Any) -> Any:
    """Makes a `Path`; msgspec knows every other type that occurs."""
    return kind(value)
