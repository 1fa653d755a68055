"""The pipeline files: `pipelines/NAME.py`, each with one `pipeline`."""

import importlib
import sys
from pathlib import Path
from typing import Final

from dolphin.errors import BadInput
from dolphin.pipeline.description import Pipeline

DIRECTORY: Final = Path(__file__).resolve().parents[3] / "pipelines"


def pipeline_names() -> list[str]:
    """The pipelines there are, sorted."""
    return sorted(path.stem for path in DIRECTORY.glob("*.py") if not path.stem.startswith("_"))


def load_pipeline(name: str) -> Pipeline:
    """The pipeline of `pipelines/NAME.py`.

    Raises:
        BadInput: no such file (names those there are), or it defines no pipeline of this name.
        PipelineFault: it has a fault; points at the line.
    """
    if name not in pipeline_names():
        raise BadInput("no such pipeline", field="name", value=name, remedy=f"There are: {', '.join(pipeline_names()) or 'none'}.")
    root = str(DIRECTORY.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    pipeline = getattr(importlib.import_module(f"pipelines.{name}"), "pipeline", None)
    if not isinstance(pipeline, Pipeline) or pipeline.name != name:
        raise BadInput(
            f'{DIRECTORY.name}/{name}.py defines no pipeline = Pipeline("{name}")', field="name", value=name, remedy="Add that line."
        )
    return pipeline
