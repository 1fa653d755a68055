"""The probe that an instrumented module reports to, and the import hook that instruments.

A *vector* is what the conditions of one evaluation were: True, False, or None for one that was not reached (Python's `and` and `or` stop
early). Only distinct vectors are kept, so that memory is bounded by the code and not by the number of tests.
"""

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from dolphin.assurance.level_a.decisions import PROBE, Decision, instrument

Vector = tuple[bool | None, ...]
_TRUE: Vector = (True,)
_FALSE: Vector = (False,)


@dataclass(slots=True)
class _Evaluation:
    number: int
    conditions: list[bool | None]


@dataclass(slots=True)
class Probe:
    """What the decisions of one module evaluated to."""

    decisions: Sequence[Decision]
    vectors: Sequence[set[Vector]] = ()
    """By decision."""
    values: set[tuple[int, int]] = field(default_factory=set)
    """(decision, condition) that were seen with a value that is no bool: there the value counts, not only its truth."""
    _thread: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.vectors = [set() for _ in self.decisions]

    def begin(self, number: int) -> _Evaluation:
        """Decision `number` is about to be evaluated."""
        evaluation = _Evaluation(number, [None] * len(self.decisions[number].conditions))
        self._open.append(evaluation)
        return evaluation

    def condition[V](self, number: int, index: int, value: V) -> V:
        """Its condition `index` was evaluated. What raised in between has left evaluations open; they are dropped."""
        running = self._open
        while running[-1].number != number:
            running.pop()
        running[-1].conditions[index] = bool(value)
        if type(value) is not bool:
            self.values.add((number, index))
        return value

    def end[V](self, evaluation: _Evaluation, value: V) -> V:
        """The decision was evaluated."""
        while self._open.pop() is not evaluation:
            pass
        self.vectors[evaluation.number].add(tuple(evaluation.conditions))
        return value

    def only[V](self, number: int, index: int, value: V) -> V:
        """The decision has one condition, which was evaluated."""
        self.vectors[number].add(_TRUE if value else _FALSE)
        if type(value) is not bool:
            self.values.add((number, index))
        return value

    def note(self, number: int, is_true: bool) -> None:
        """A `case` was asked."""
        self.vectors[number].add(_TRUE if is_true else _FALSE)

    @property
    def _open(self) -> list[_Evaluation]:
        try:
            return self._thread.open
        except AttributeError:
            self._thread.open = []
            return self._thread.open


class Recorder(MetaPathFinder):
    """Instruments the modules it is given when they are imported; `probes` holds those that were, by name."""

    def __init__(self, modules: Mapping[str, Path]) -> None:
        self._modules = modules
        self.probes: dict[str, Probe] = {}

    def install(self) -> None:
        """Begins to watch imports.

        Raises:
            RuntimeError: a module was imported before, so that it cannot be watched.
        """
        early = sorted(self._modules.keys() & sys.modules.keys())
        if early:
            raise RuntimeError(f"imported before the recorder was installed: {', '.join(early)}")
        sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, recorder: Recorder) -> None:
        super().__init__(fullname, path)
        self._recorder = recorder
        self._probe = Probe(())

    def get_code(self, fullname: str) -> CodeType:
        """Always from the source: a cached file has no probe in it."""
        tree, decisions = instrument(fullname, self.get_data(self.path).decode())
        self._probe = self._recorder.probes[fullname] = Probe(decisions)
        return compile(tree, self.path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        code = self.get_code(module.__name__)
        setattr(module, PROBE, self._probe)
        exec(code, module.__dict__)
