"""The project's own pipelines are sound, and what is packaged in the jar is what they say."""

import subprocess
import sys
from pathlib import Path

import pytest

from dolphin.errors import BadInput
from dolphin.pipeline.export import RESOURCES, resource_text
from dolphin.pipeline.files import load_pipeline, pipeline_names, settings_of

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", pipeline_names())
def test_the_packaged_description_is_fresh(name: str) -> None:
    packaged = (RESOURCES / f"{name}.json").read_text(encoding="utf-8")
    assert packaged == resource_text(load_pipeline(name)), "run: python -m dolphin.pipeline.export"


def test_nothing_else_is_packaged() -> None:
    assert sorted(path.stem for path in RESOURCES.glob("*.json")) == pipeline_names()


def test_the_jobs_of_the_contract_are_there() -> None:
    assert {"ars", "acb", "survival"} <= set(pipeline_names())


def test_a_setting_reaches_the_stage() -> None:
    votes = load_pipeline("acb", {"account": "main"}).vertices["votes"]
    assert votes.settings["params"] == {"account": "main"}
    assert settings_of("acb") == {"account"}


def test_an_unknown_pipeline_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"'asr': no such pipeline. There are: .*ars"):
        load_pipeline("asr")


def test_a_pipeline_file_may_be_anywhere(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text('from dolphin.pipeline import Pipeline\n\npipeline = Pipeline("mine")\npipeline.read_topics("ranking").log()\n')
    assert load_pipeline(str(file)).name == "mine"


def test_a_pipeline_is_named_as_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text('from dolphin.pipeline import Pipeline\n\npipeline = Pipeline("yours")\n')
    with pytest.raises(BadInput, match=r'mine.py defines no pipeline = Pipeline\("mine"\)'):
        load_pipeline(str(file))
    with pytest.raises(BadInput, match="no such pipeline file"):
        load_pipeline(str(tmp_path / "absent.py"))


def draw(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dolphin", "job", "draw", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_draw_prints_the_tree_and_writes_the_picture(tmp_path: Path) -> None:
    done = draw("ars")
    assert done.returncode == 0, done.stderr
    assert "features: python_udfs.features:Features, one instance a batch key" in done.stdout
    picture = tmp_path / "ars.svg"
    assert draw("ars", "--svg", str(picture)).returncode == 0
    assert picture.read_text().startswith("<svg")


def test_drawing_an_unknown_pipeline_is_wrong_use() -> None:
    done = draw("asr")
    assert done.returncode == 2
    assert done.stderr.startswith("dolphin: name = 'asr': no such pipeline. There are:")
    assert len(done.stderr.strip().splitlines()) == 1
