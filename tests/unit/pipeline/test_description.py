"""A pipeline's faults are found where they are written, and what is described is what was asked for."""

import json
import sys
from types import ModuleType

import pyarrow as pa
import pytest

from dolphin.pipeline import BATCH_KEY, Pipeline, PipelineFault
from dolphin.pipeline.drawing import draw_svg, draw_text

ROWS = pa.schema([("asset", pa.utf8()), ("n", pa.int64()), ("signal", pa.binary())])


@pytest.fixture(autouse=True)
def functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with stage functions, importable as `stages`."""

    class Processes:
        def process(self, batch: pa.RecordBatch) -> None:
            pass

    class Counts(Processes):
        INPUT = pa.schema([("asset", pa.utf8())])
        OUTPUT = ROWS

        def __init__(self, window: int = 1) -> None:
            self.window = window

    class WantsText(Processes):
        INPUT = pa.schema([("n", pa.utf8())])

    class WantsMore(Processes):
        INPUT = pa.schema([("missing", pa.int64())])

    module = ModuleType("stages")
    vars(module).update(Counts=Counts, NoProcess=object, WantsText=WantsText, WantsMore=WantsMore, plain=lambda batch: batch, number=5)
    monkeypatch.setitem(sys.modules, "stages", module)


def test_a_description_holds_every_vertex_with_what_it_reads() -> None:
    pipeline = Pipeline("demo", snapshot_interval_s=2.5)
    counts = pipeline.read_journal("MARKET_EVENTS").python(
        "counts", "stages:Counts", keyed_by=BATCH_KEY, params={"window": 3}, parallelism=2
    )
    counts.to_map("DOLPHIN_FEATURES", key="{asset}", columns=["n"])
    counts.python("by-asset", "stages:plain", keyed_by="asset").to_topic("market.{key}")
    counts.apply("leverage", map_name="LEVERAGE", key="paper/{asset}", payload="signal").to_topic("leverage-changes")

    described = pipeline.describe()

    assert described["name"] == "demo"
    assert described["snapshot_interval_ms"] == 2500
    assert {v["name"]: v.get("from") for v in described["vertices"]} == {
        "MARKET_EVENTS": None,
        "counts": "MARKET_EVENTS",
        "counts to DOLPHIN_FEATURES": "counts",
        "by-asset": "counts",
        "by-asset to market.{key}": "by-asset",
        "leverage on LEVERAGE": "counts",
        "leverage on LEVERAGE to leverage-changes": "leverage on LEVERAGE",
    }
    stage = described["vertices"][1]
    assert (stage["params"], stage["keyed"], stage["parallelism"], stage["receives"]) == ({"window": 3}, True, 2, {"as": "batches"})
    assert described["vertices"][3]["receives"] == {"as": "split", "column": "asset", "key_groups": 64}
    assert json.loads(json.dumps(described)) == described


def test_readers_of_market_listen_to_every_shard() -> None:
    pipeline = Pipeline("demo")
    pipeline.read_topics("market.{key}", start="newest").log()
    source = pipeline.describe()["vertices"][0]
    assert source["topics"] == [f"market.{shard}" for shard in range(8)]
    assert source["start"] == "newest"


def line_of_fault(build: object) -> PipelineFault:
    assert callable(build)
    with pytest.raises(PipelineFault) as caught:
        build()
    first = build.__code__.co_firstlineno
    assert caught.value.site.file == __file__
    assert caught.value.site.line == first + 3, "the fault is on the third line of the body"
    assert str(caught.value).startswith(f"{__file__}:{first + 3}: ")
    return caught.value


def unknown_map() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.to_map("DOLPHIN_FEATURE", key="{asset}")


def unknown_topic() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.to_topic("markt.{key}")


def unknown_journal() -> None:
    pipeline = Pipeline("demo")
    _ = 0
    pipeline.read_journal("LEVERAGE")


def unknown_processor() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.apply("levrage", map_name="LEVERAGE", key="{asset}", payload="signal")


def no_module() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "nowhere.at.all:Counts")


def no_function() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:Count")


def not_a_function() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:number")


def class_without_process() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:NoProcess")


def other_type() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.python("text", "stages:WantsText")


def missing_column() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.python("more", "stages:WantsMore")


def key_of_no_column() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.to_map("DOLPHIN_FEATURES", key="{account}/{asset}")


def unclosed_key() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.to_map("DOLPHIN_FEATURES", key="{asset")


def column_in_a_batch_key() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.to_map_as_batch("ARS_RANKING", key="{asset}")


def keyed_by_a_number() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.python("by-n", "stages:plain", keyed_by="n")


def rows_of_a_source() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.to_map("DOLPHIN_FEATURES", key="{asset}")


def same_name() -> None:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.python("counts", "stages:plain")


def workers_without_keys() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:Counts", parallelism=2)


def params_of_no_json() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:Counts", params={"limit": float("nan")})


def params_of_no_parameter() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:Counts", params={"windows": 3})


def stage_name_with_a_blank() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("my counts", "stages:Counts")


def dangling() -> None:
    pipeline = Pipeline("demo")
    source = pipeline.read_journal("MARKET_EVENTS")
    source.python("counts", "stages:Counts")
    pipeline.describe()


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (unknown_map, "no map is called 'DOLPHIN_FEATURE'"),
        (unknown_topic, "no topic is called 'markt.{key}'"),
        (unknown_journal, "no journaled map is called 'LEVERAGE'"),
        (unknown_processor, "no entry processor is called 'levrage'"),
        (no_module, "no such module"),
        (no_function, "stages has no Count"),
        (not_a_function, "neither a function nor a class"),
        (class_without_process, "a class without process()"),
        (other_type, "takes 'n' as string, but counts gives it as int64"),
        (missing_column, "takes the column 'missing'"),
        (key_of_no_column, "gives no column 'account'"),
        (unclosed_key, "is no template"),
        (column_in_a_batch_key, "is a column, but this is about whole batches"),
        (keyed_by_a_number, "is no text column"),
        (rows_of_a_source, "gives whole batches only"),
        (same_name, "there is a 'counts' already"),
        (workers_without_keys, "is not keyed"),
        (params_of_no_json, "cannot be written as JSON"),
        (params_of_no_parameter, "params = {'windows': 3}: stages:Counts does not take them"),
        (stage_name_with_a_blank, "'my counts' is no name for a stage"),
        (dangling, "'counts' gives goes nowhere"),
    ],
)
def test_a_fault_points_at_its_line(build: object, said: str) -> None:
    assert said in str(line_of_fault(build))


def test_an_empty_pipeline_is_refused() -> None:
    with pytest.raises(PipelineFault, match="is empty"):
        Pipeline("demo").describe()


@pytest.mark.parametrize("name", ["", "Ars", "a b", "../x"])
def test_a_name_that_no_job_may_have_is_refused(name: str) -> None:
    with pytest.raises(PipelineFault, match="no name for a pipeline"):
        Pipeline(name)


def drawn() -> Pipeline:
    pipeline = Pipeline("demo")
    counts = pipeline.read_journal("MARKET_EVENTS").python("counts", "stages:Counts")
    counts.to_map("DOLPHIN_FEATURES", key="{asset}")
    counts.to_topic("ranking")
    return pipeline


def test_the_text_drawing_is_the_tree() -> None:
    assert draw_text(drawn()).splitlines() == [
        "demo",
        "└─ MARKET_EVENTS: journal, from the oldest",
        "   └─ counts: stages:Counts, one instance",
        "      ├─ counts to DOLPHIN_FEATURES: map, key {asset}",
        "      └─ counts to ranking: reliable topic",
    ]


def test_the_svg_has_a_box_for_each_vertex_and_an_arrow_for_each_edge() -> None:
    from xml.etree import ElementTree

    root = ElementTree.fromstring(draw_svg(drawn()))
    name = "{http://www.w3.org/2000/svg}"
    boxes = [(int(r.attrib["x"]), int(r.attrib["y"])) for g in root.iter(f"{name}g") for r in g.iter(f"{name}rect")]
    assert len(boxes) == len(set(boxes)) == 4
    assert sum("marker-end" in path.attrib for path in root.iter(f"{name}path")) == 3
