"""Writes the descriptions of all pipelines to where the jar packages them, so that hz-cli can submit them by name.

Run it after changing a pipeline: `python -m dolphin.pipeline.export`. A test fails while the files are stale.
"""

import json
from pathlib import Path
from typing import Final

from dolphin.pipeline.description import Pipeline
from dolphin.pipeline.files import load_pipeline, pipeline_names

RESOURCES: Final = Path(__file__).resolve().parents[3] / "jet" / "src" / "main" / "resources" / "pipelines"


def resource_text(pipeline: Pipeline) -> str:
    """The description as it is packaged: the same pipeline always gives the same text."""
    return json.dumps(pipeline.describe(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes every pipeline and removes descriptions whose pipeline is gone."""
    RESOURCES.mkdir(parents=True, exist_ok=True)
    names = pipeline_names()
    for stale in RESOURCES.glob("*.json"):
        if stale.stem not in names:
            stale.unlink()
    for name in names:
        path = RESOURCES / f"{name}.json"
        path.write_text(resource_text(load_pipeline(name)), encoding="utf-8")
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main()
