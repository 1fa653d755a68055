"""What docs/pipelines.md shows to a newcomer works as it stands there."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from dolphin.pipeline import Pipeline
from dolphin.pipeline.drawing import draw_text

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "pipelines.md").read_text(encoding="utf-8")
PIPELINE, FUNCTION = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("python_udfs.spread")
    exec(FUNCTION, vars(module))
    monkeypatch.setitem(sys.modules, "python_udfs.spread", module)
    return module


def test_the_example_draws_as_shown(spread: ModuleType) -> None:
    scope: dict[str, Any] = {}
    exec(PIPELINE, scope)
    pipeline = scope["pipeline"]
    assert isinstance(pipeline, Pipeline)
    assert pipeline.describe()["name"] == "spread"
    for line in draw_text(pipeline).splitlines():
        assert f"    {line}\n" in PAGE


def test_the_example_function_finds_the_widest(spread: ModuleType) -> None:
    batch = pa.record_batch({"asset": ["A", "B", "C"], "spread_bps": [1.0, 3.0, 2.0], "more": [0, 0, 0]})
    assert spread.widest(batch).to_pylist() == [{"asset": "B", "spread_bps": 3.0}]
