"""What may be a stage function, and what is said of what may not."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from dolphin.errors import BadInput
from dolphin.stage.function import load

MODULE = "a_module_of_stage_functions"


class Stateful:
    def __init__(self, window: int = 3) -> None:
        self.window = window

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch

    def snapshot(self) -> bytes:
        return b""

    def restore(self, state: bytes) -> None:
        pass

    def watermark(self, time_ns: int) -> None:
        pass


class OnlySnapshots:
    def process(self, batch: pa.RecordBatch) -> None:
        pass

    def snapshot(self) -> bytes:
        return b""


class WithoutProcess:
    pass


class WithBadSchema:
    OUTPUT = "price: double"

    def process(self, batch: pa.RecordBatch) -> None:
        pass


def plain(batch: pa.RecordBatch, *, factor: int = 1) -> int:
    return batch.num_rows * factor


@pytest.fixture(autouse=True)
def _module() -> Iterator[None]:
    module = types.ModuleType(MODULE)
    for thing in (Stateful, OnlySnapshots, WithoutProcess, WithBadSchema, plain):
        setattr(module, thing.__name__, thing)
    module.number = 7  # pyright: ignore[reportAttributeAccessIssue]
    sys.modules[MODULE] = module
    yield
    del sys.modules[MODULE]


def test_a_class_tells_what_it_can_do() -> None:
    function = load(f"{MODULE}:Stateful", {"window": 5})
    assert function.is_stateful
    assert function.has_watermark
    assert function.make().window == 5


def test_parameters_go_to_every_call_of_a_plain_function() -> None:
    function = load(f"{MODULE}:plain", {"factor": 4})
    assert not function.is_stateful
    assert function.make().process(pa.record_batch({"a": [1, 2]})) == 8


@pytest.mark.parametrize(
    ("name", "params", "field", "said"),
    [
        ("nonsense", {}, "function", "not of the form"),
        (f"{MODULE}:", {}, "function", "not of the form"),
        ("no_such_module_here:f", {}, "function", "no such module"),
        (f"{MODULE}:missing", {}, "function", "has no missing"),
        (f"{MODULE}:number", {}, "function", "neither a function nor a class"),
        (f"{MODULE}:WithoutProcess", {}, "function", "without process"),
        (f"{MODULE}:OnlySnapshots", {}, "function", "only one of snapshot"),
        (f"{MODULE}:WithBadSchema", {}, f"{MODULE}:WithBadSchema.OUTPUT", "not a pyarrow.Schema"),
        (f"{MODULE}:Stateful", {"windw": 5}, "params", "windw"),
        (f"{MODULE}:plain", {"factr": 5}, "params", "factr"),
    ],
)
def test_what_is_wrong_is_named(name: str, params: dict[str, int], field: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        load(name, params)
    assert refused.value.field == field
    assert refused.value.remedy


def test_a_module_whose_own_import_fails_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imports_nothing.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_there"):
        load("imports_nothing:f", {})
