"""The import hook: it watches the modules it is given, and refuses to pretend."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dolphin.assurance.level_a.recording import Recorder

SOURCE = '"""A module."""\nfrom __future__ import annotations\n\ndef f(x: int) -> bool:\n    return x > 1\n'


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "watched_example.py"
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield path
    sys.modules.pop("watched_example", None)


def test_a_module_is_watched_from_its_import_even_if_it_was_compiled_before(example: Path) -> None:
    importlib.import_module("watched_example")
    del sys.modules["watched_example"]
    recorder = Recorder({"watched_example": example})
    recorder.install()
    module = importlib.import_module("watched_example")
    assert (module.f(2), module.__doc__, module.__file__) == (True, "A module.", str(example))
    assert recorder.probes["watched_example"].vectors == [{(True,)}]


def test_a_module_that_was_imported_already_cannot_be_watched(example: Path) -> None:
    importlib.import_module("watched_example")
    with pytest.raises(RuntimeError, match="watched_example"):
        Recorder({"watched_example": example}).install()


def test_other_modules_are_left_alone(example: Path) -> None:
    recorder = Recorder({})
    recorder.install()
    assert not hasattr(importlib.import_module("watched_example"), "__mcdc__")
    assert recorder.probes == {}
