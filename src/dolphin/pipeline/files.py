"""The pipeline files: `pipelines/NAME.py`, each with one `pipeline`, built anew with the settings it is asked for."""

import importlib.util
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from dolphin.errors import BadInput, DolphinError
from dolphin.pipeline.description import Pipeline

DIRECTORY: Final = Path(__file__).resolve().parents[3] / "pipelines"


class Settings:
    """What an operator sets at submission, and which of it a pipeline file has asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.asked_for: set[str] = set()

    def get(self, name: str, default: str) -> str:
        """The value given for `name`, or `default`."""
        self.asked_for.add(name)
        return self._given.get(name, default)


_settings: ContextVar[Settings] = ContextVar("settings")


def setting(name: str, default: str) -> str:
    """For pipeline files: what an operator may set at submission, with `--set name=value`."""
    return _settings.get(Settings({})).get(name, default)


def pipeline_names() -> list[str]:
    """The pipelines there are, sorted."""
    return sorted(path.stem for path in DIRECTORY.glob("*.py") if not path.stem.startswith("_"))


def load_pipeline(name: str, given: Mapping[str, str] | None = None) -> Pipeline:
    """The pipeline of `pipelines/NAME.py` with these settings; see `settings_of` for those it knows.

    A `name` that ends in `.py` is the path of a pipeline file anywhere; its stem is the pipeline's name.

    Raises:
        BadInput: no such file (names those there are), or it defines no pipeline of this name.
        PipelineFault: it has a fault; points at the line.
    """
    return _build(name, Settings(given or {}))


def settings_of(name: str) -> set[str]:
    """The names of the settings that the pipeline asks for; raises as `load_pipeline` does."""
    settings = Settings({})
    _build(name, settings)
    return settings.asked_for


def _build(name: str, settings: Settings) -> Pipeline:
    file = _file_of(name)
    spec = importlib.util.spec_from_file_location(f"pipelines.{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    token = _settings.set(settings)
    try:
        spec.loader.exec_module(module)
    except DolphinError:
        raise
    except Exception as error:  # whatever a file may raise while it is read
        what = f"the pipeline file does not load ({type(error).__name__}: {error})"
        raise BadInput(what, field="name", value=name, remedy="Mend the file.") from error
    finally:
        _settings.reset(token)
    pipeline = getattr(module, "pipeline", None)
    if not isinstance(pipeline, Pipeline) or pipeline.name != file.stem:
        raise BadInput(
            f'{file.parent.name}/{file.name} defines no pipeline = Pipeline("{file.stem}")',
            field="name",
            value=name,
            remedy="Add that line.",
        )
    return pipeline


def _file_of(name: str) -> Path:
    if name.endswith(".py"):
        file = Path(name)
        if not file.is_file():
            raise BadInput("no such pipeline file", field="name", value=name, remedy="Check the path.")
        return file
    if name not in pipeline_names():
        raise BadInput("no such pipeline", field="name", value=name, remedy=f"There are: {', '.join(pipeline_names()) or 'none'}.")
    return DIRECTORY / f"{name}.py"
