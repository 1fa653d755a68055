"""What surrounds a stage function wherever it runs: one instance per key, checks of what goes in and comes out, metadata carried across.

The same harness runs in the worker under Jet and in `run_local`, which is why a function that works in a notebook
works in a job. It does no I/O; the wall clock is handed in.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pyarrow as pa

from dolphin.stage.function import Result, StageError, StageFunction

MARKET_TIME = b"market_time_ns"
EMITTED = b"emitted_wall_ns"
UNKEYED = ""


class Stamped(NamedTuple):
    """A result as the function returned it, and the metadata that belongs on it."""

    batch: pa.RecordBatch
    metadata: dict[bytes, bytes]

    def records(self) -> pa.RecordBatch:
        """Both in one."""
        return self.batch.replace_schema_metadata(self.metadata)


class Harness:
    """Runs the instances of one stage function."""

    def __init__(self, function: StageFunction, *, is_keyed: bool, wall_clock_ns: Callable[[], int]) -> None:
        """`is_keyed`: an instance per key, otherwise one for everything. Makes one instance at once, so that a
        constructor that fails, fails now."""
        self._function = function
        self._is_keyed = is_keyed
        self._wall_clock_ns = wall_clock_ns
        self._spare: Any | None = function.make()
        self._instances: dict[str, Any] = {}
        self._fitting_input: pa.Schema | None = None
        self._fitting_output: pa.Schema | None = None

    def process(self, key: str, batch: pa.RecordBatch) -> list[Stamped]:
        """The function's results for one batch, with the batch's metadata on each."""
        self._check_input(batch.schema)
        results = _as_list(self._function, "process", self._instance(key).process(batch))
        return self._finish(results, batch.schema.metadata or {})

    def watermark(self, time_ns: int) -> list[tuple[str, list[Stamped]]]:
        """Tells every instance, in the order of their keys, how far event time has come; results by key."""
        if not self._function.has_watermark:
            return []
        if not self._is_keyed:
            self._instance(UNKEYED)
        metadata = {MARKET_TIME: str(time_ns).encode()}
        answers: list[tuple[str, list[Stamped]]] = []
        for key in sorted(self._instances):
            results = _as_list(self._function, "watermark", self._instances[key].watermark(time_ns))
            if results:
                answers.append((key, self._finish(results, metadata)))
        return answers

    def snapshot(self) -> list[tuple[str, bytes]]:
        """The state of every instance, by key."""
        if not self._function.is_stateful:
            return []
        states: list[tuple[str, bytes]] = []
        for key in sorted(self._instances):
            state = self._instances[key].snapshot()
            if not isinstance(state, bytes):
                raise StageError(f"{self._function.name}.snapshot() returned {type(state).__name__}; return bytes")
            states.append((key, state))
        return states

    def restore(self, key: str, state: bytes) -> None:
        """Gives the instance of `key` the state it once snapshotted."""
        self._instance(key).restore(state)

    def _instance(self, key: str) -> Any:
        if not self._is_keyed:
            key = UNKEYED
        instance = self._instances.get(key)
        if instance is None:
            instance, self._spare = self._spare or self._function.make(), None
            self._instances[key] = instance
        return instance

    def _finish(self, results: list[pa.RecordBatch], carried: dict[bytes, bytes]) -> list[Stamped]:
        stamp = {**carried, EMITTED: b"%d" % self._wall_clock_ns()}
        finished: list[Stamped] = []
        for result in results:
            schema = result.schema
            self._check_output(schema)
            own = schema.metadata
            finished.append(Stamped(result, {**own, **stamp} if own else stamp))
        return finished

    def _check_input(self, schema: pa.Schema) -> None:
        if self._function.input_schema is None or (self._fitting_input is not None and schema.equals(self._fitting_input)):
            return
        problems = list(schema_problems(self._function.input_schema, schema))
        if problems:
            raise StageError(f"{self._function.name}: the batch does not fit INPUT: {'; '.join(problems)}")
        self._fitting_input = schema

    def _check_output(self, schema: pa.Schema) -> None:
        declared = self._function.output_schema
        if declared is None or (self._fitting_output is not None and schema.equals(self._fitting_output)):
            return
        problems = [
            *schema_problems(declared, schema),
            *(f"column {name} is not declared" for name in schema.names if name not in declared.names),
        ]
        if problems:
            raise StageError(f"{self._function.name}: the result does not fit OUTPUT: {'; '.join(problems)}")
        self._fitting_output = schema


def _as_list(function: StageFunction, method: str, result: Result) -> list[pa.RecordBatch]:
    if result is None:
        return []
    if isinstance(result, pa.RecordBatch):
        return [result]
    if isinstance(result, list | tuple):
        for position, item in enumerate(result):
            if not isinstance(item, pa.RecordBatch):
                raise _wrong_type(function, method, f"a list with {type(item).__name__} at position {position}")
        return list(result)
    raise _wrong_type(function, method, type(result).__name__)


def _wrong_type(function: StageFunction, method: str, what: str) -> StageError:
    return StageError(f"{function.name}: {method} returned {what}; return a pyarrow.RecordBatch, a list of them, or None")


def schema_problems(needed: pa.Schema, given: pa.Schema) -> Iterable[str]:
    """Why a batch of schema `given` does not offer what `needed` asks for: missing columns and other types. Order and
    extra columns are free."""
    for field in needed:
        position = given.get_field_index(field.name)
        if position < 0:
            yield f"column {field.name} is missing"
        elif not given.field(position).type.equals(field.type):
            yield f"column {field.name} is {given.field(position).type}, not {field.type}"
