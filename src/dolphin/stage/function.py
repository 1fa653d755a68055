"""The contract with the author of a stage function.

A stage function is one of

* a function `batch -> result`, called once per batch, without memory;
* a class with `process(self, batch) -> result`, and, if it keeps state that must survive, `snapshot(self) -> bytes`
  and `restore(self, state: bytes)`.

`batch` is a `pyarrow.RecordBatch`; `result` is None, a record batch, or a list of record batches. A class may define
`watermark(self, time_ns) -> result`, called when event time is known to have reached `time_ns`. Either may declare
`INPUT` and `OUTPUT` (`pyarrow.Schema`), the columns it needs and exactly the columns it returns: a class on itself, a
plain function on itself or in its module. Parameters of a pipeline become keyword arguments of the class, or of every
call of a plain function.

For recovery to be exact a function must depend on nothing but its parameters, its state and its batches: no clock, no
randomness, no network.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dolphin.errors import BadInput

type Result = pa.RecordBatch | list[pa.RecordBatch] | tuple[pa.RecordBatch, ...] | None


class StageError(Exception):
    """A function broke its contract (wrong type, wrong schema, a null where a key is needed)."""


@dataclass(frozen=True, slots=True)
class StageFunction:
    """A loaded function: how to make an instance, and what instances can do."""

    name: str
    make: Callable[[], Any]
    is_stateful: bool
    has_watermark: bool
    input_schema: pa.Schema | None
    output_schema: pa.Schema | None


class _Stateless:
    """A plain function with the face of an instance."""

    def __init__(self, function: Callable[[pa.RecordBatch], Result]) -> None:
        self.process = function


def load(name: str, params: Mapping[str, Any]) -> StageFunction:
    """Imports `module:attribute` and checks its shape; does not call it.

    Raises `BadInput` naming what is wrong: no such module or attribute, not callable, half a snapshot pair, parameters it does not take.
    """
    target = _resolve(name)
    _check_params(name, target, params)
    return StageFunction(
        name=name,
        make=_maker(target, params),
        is_stateful=inspect.isclass(target) and hasattr(target, "snapshot"),
        has_watermark=inspect.isclass(target) and hasattr(target, "watermark"),
        input_schema=_schema(name, target, "INPUT"),
        output_schema=_schema(name, target, "OUTPUT"),
    )


def declared_output(name: str) -> pa.Schema | None:
    """The `OUTPUT` of `module:attribute`, whatever parameters it takes; raises as `load` does."""
    return _schema(name, _resolve(name), "OUTPUT")


def _resolve(name: str) -> Any:
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise BadInput(
            "not of the form module:function", field="function", value=name, remedy="Write for example python_udfs.features:Features"
        )
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not module_name.startswith(missing.name):
            raise  # the module exists and imports something that does not: its traceback says what
        raise BadInput("no such module", field="function", value=name, remedy="Check the spelling and the Python path") from missing
    for part in attribute.split("."):
        if not hasattr(found, part):
            remedy = f"It has: {', '.join(_public_callables(found)) or 'nothing that could be called'}"
            raise BadInput(f"{module_name} has no {part}", field="function", value=name, remedy=remedy)
        found = getattr(found, part)
    if inspect.isclass(found):
        _check_class(name, found)
    elif not callable(found):
        raise BadInput("neither a function nor a class", field="function", value=name, remedy="Name a function or a class with process()")
    return found


def _public_callables(of: Any) -> list[str]:
    own = getattr(of, "__name__", None)
    return sorted(name for name, value in vars(of).items() if callable(value) and name[0] != "_" and value.__module__ == own)


def _check_class(name: str, target: type) -> None:
    if not callable(getattr(target, "process", None)):
        raise BadInput("a class without process()", field="function", value=name, remedy="Define process(self, batch)")
    if hasattr(target, "snapshot") != hasattr(target, "restore"):
        raise BadInput("has only one of snapshot() and restore()", field="function", value=name, remedy="Define both, or neither")


def _check_params(name: str, target: Any, params: Mapping[str, Any]) -> None:
    signature = inspect.signature(target)
    batch = () if inspect.isclass(target) else (None,)
    try:
        signature.bind(*batch, **params)
    except TypeError as mismatch:
        remedy = f"It takes {signature}"
        raise BadInput(f"{name} does not take them: {mismatch}", field="params", value=dict(params), remedy=remedy) from mismatch


def _maker(target: Any, params: Mapping[str, Any]) -> Callable[[], Any]:
    if inspect.isclass(target):
        return functools.partial(target, **params)
    bound = functools.partial(target, **params) if params else target
    return functools.partial(_Stateless, bound)


def _schema(name: str, target: Any, attribute: str) -> pa.Schema | None:
    schema = getattr(target, attribute, None)
    if schema is None and not inspect.isclass(target):
        schema = getattr(inspect.getmodule(target), attribute, None)
    if schema is not None and not isinstance(schema, pa.Schema):
        raise BadInput("not a pyarrow.Schema", field=f"{name}.{attribute}", value=schema, remedy="Assign pa.schema([...])")
    return schema
