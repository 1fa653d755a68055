"""What a pipeline file builds: a tree of vertices from sources through Python stages to sinks.

`Pipeline` reads logs; `Batches` is what a source or a stage gives and knows what may be done with it; `Rows` is the same for what an entry
processor answered. Each call adds one vertex, remembers its line and checks what can be checked there and then; `describe` checks the
whole and writes the JSON that `dolphin.jet.job.PipelineSpec` reads.
"""

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pyarrow as pa

from dolphin.core.contract.names import MAX_SHARDS
from dolphin.pipeline.faults import PipelineFault, Site, call_site
from dolphin.pipeline.functions import check_fit, output_of, resolve
from dolphin.pipeline.names import JOURNALS, MAPS, PROCESSORS, TOPICS

BATCH_KEY: Final = "batch key"
"""For `keyed_by`: one instance of the function for each key that batches carry (at first, the shard)."""

KEY_GROUPS: Final = 64
"""Groups that a batch is split into for a stage keyed by a column; at least the most workers the stage may ever have."""

_STAGE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
"""It also names log lines and files of the stage's Python process."""

StartAt = Literal["oldest", "newest"]
Kind = Literal["journal", "topics", "python", "map", "topic", "entry_processor", "log"]


@dataclass(frozen=True, slots=True)
class Vertex:
    """One vertex of the graph, as it is described to the member."""

    name: str
    kind: Kind
    reads: str | None
    """The vertex before it; None for a source."""
    settings: Mapping[str, Any]
    site: Site
    summary: str
    """One line for a drawing."""


@dataclass(slots=True)
class Pipeline:
    """One Jet job. Its name is the job's name.

    Args:
        name: lower-case letters, digits and dashes.
        snapshot_interval_s: how often the job stores its state, exactly once.
    """

    name: str
    snapshot_interval_s: float = 10.0
    vertices: dict[str, Vertex] = field(default_factory=dict)
    _schemas: dict[str, pa.Schema | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        site = call_site()
        if not self.name or set(self.name) - set(string.ascii_lowercase + string.digits + "-"):
            raise PipelineFault(site, f"{self.name!r} is no name for a pipeline", remedy="Use lower-case letters, digits and dashes.")
        if not 0.1 <= self.snapshot_interval_s <= 3600:
            raise PipelineFault(
                site, f"snapshot_interval_s = {self.snapshot_interval_s} is out of range", remedy="Choose 0.1 to 3600 seconds."
            )

    def read_journal(self, map_name: str, *, start: StartAt = "oldest") -> "Batches":
        """Every batch put into a journaled map, in order.

        Args:
            start: where a job without a snapshot begins; "oldest" rebuilds its state from what the journal still holds.
        """
        site = call_site()
        _check_known("journaled map", map_name, JOURNALS, site)
        settings = {"map": map_name, "start": start}
        vertex = Vertex(map_name, "journal", None, settings, site, f"journal, from the {start}")
        return self._add(vertex, JOURNALS[map_name])

    def read_topics(self, topic: str, *, start: StartAt = "oldest", written_by: str | None = None) -> "Batches":
        """Every batch published on a reliable topic or, if its name contains `{key}`, on those of all shards.

        Args:
            start: where a job without a snapshot begins.
            written_by: the stage function whose output these batches are, so that schemas can be checked.
        """
        site = call_site()
        _check_known("topic", topic, TOPICS, site)
        schema = None if written_by is None else output_of(written_by, site)
        topics = [topic.format(key=shard) for shard in range(MAX_SHARDS)] if "{key}" in topic else [topic]
        settings = {"topics": topics, "start": start}
        return self._add(Vertex(topic, "topics", None, settings, site, f"reliable topic, from the {start}"), schema)

    def describe(self) -> dict[str, Any]:
        """The description that a member builds the job from.

        Raises:
            PipelineFault: no source, or a branch that ends nowhere.
        """
        if not self.vertices:
            raise PipelineFault(call_site(), f"pipeline {self.name!r} is empty", remedy="Begin with read_journal or read_topics.")
        for vertex in self.vertices.values():
            if vertex.kind in ("journal", "topics", "python") and not self.readers(vertex.name):
                raise PipelineFault(
                    vertex.site, f"what {vertex.name!r} gives goes nowhere", remedy="Send it to a map, a topic or the log, or remove it."
                )
        return {
            "name": self.name,
            "snapshot_interval_ms": round(self.snapshot_interval_s * 1000),
            "vertices": [
                {"name": v.name, "kind": v.kind, **({} if v.reads is None else {"from": v.reads}), **v.settings}
                for v in self.vertices.values()
            ],
        }

    def readers(self, name: str) -> list[Vertex]:
        """The vertices that read from vertex `name`."""
        return [vertex for vertex in self.vertices.values() if vertex.reads == name]

    def _add(self, vertex: Vertex, schema: pa.Schema | None = None) -> "Batches":
        if vertex.name in self.vertices:
            raise PipelineFault(
                vertex.site, f"there is a {vertex.name!r} already, at {self.vertices[vertex.name].site}", remedy="Give it another name."
            )
        self.vertices[vertex.name] = vertex
        self._schemas[vertex.name] = schema
        return Batches(self, vertex, schema)


@dataclass(frozen=True, slots=True)
class Batches:
    """The Arrow batches that a source or a stage gives."""

    _pipeline: Pipeline
    _vertex: Vertex
    _schema: pa.Schema | None

    def python(
        self,
        name: str,
        function: str,
        *,
        keyed_by: str | None = None,
        params: Mapping[str, Any] | None = None,
        parallelism: int = 1,
        deadline_s: float = 10.0,
        max_failures: int = 3,
        max_memory_mb: int = 8192,
    ) -> "Batches":
        """Runs a stage function on each batch, in Python processes beside the member.

        Args:
            name: of the vertex, as it shows in metrics and logs.
            function: `module:attribute`, a function `batch -> batch` or a class with `process`, `snapshot` and `restore`.
            keyed_by: `BATCH_KEY`, or a text column to split batches by: one instance of the function, with its own state, for each key.
                None is one instance for everything.
            params: keyword arguments for the class (or for each call of a plain function); JSON.
            parallelism: Python processes on each member; more than one needs keys.
            deadline_s: longest time that one batch may take before its process is killed and restarted.
            max_failures: the job is suspended after so many failures in a row.
            max_memory_mb: address space of one process.
        """
        site = call_site()
        if not _STAGE_NAME.fullmatch(name):
            raise PipelineFault(site, f"{name!r} is no name for a stage", remedy="Use letters, digits, _, . and -.")
        arguments = _json_object(params or {}, site)
        loaded = resolve(function, site, arguments)
        if self._schema is not None and loaded.input_schema is not None:
            check_fit(self._schema, loaded.input_schema, self._vertex.name, name, site)
        if keyed_by is None and parallelism != 1:
            raise PipelineFault(site, f"{name!r} is not keyed, so it has one process", remedy="Key it, or leave parallelism out.")
        if not 1 <= parallelism <= KEY_GROUPS:
            raise PipelineFault(site, f"parallelism = {parallelism} is out of range", remedy=f"Choose 1 to {KEY_GROUPS}.")
        settings = {
            "function": function,
            "params": arguments,
            "keyed": keyed_by is not None,
            "parallelism": parallelism,
            "deadline_ms": _positive("deadline_s", deadline_s, site, 1000),
            "max_failures": _positive("max_failures", max_failures, site),
            "max_memory_bytes": _positive("max_memory_mb", max_memory_mb, site, 1 << 20),
            "receives": self._split(keyed_by, site),
        }
        instances = "one instance" if keyed_by is None else f"one instance a {keyed_by}"
        return self._pipeline._add(
            Vertex(name, "python", self._vertex.name, settings, site, f"{function}, {instances}"), loaded.output_schema
        )

    def to_map(self, map_name: str, *, key: str, columns: Sequence[str] = (), last_row_only: bool = False) -> None:
        """Sets one entry for each row: a msgpack map of its columns.

        Args:
            key: text with column names in braces, such as `{account}/{asset}`.
            columns: those that go into the value; by default all.
            last_row_only: only the last row of a batch, for an entry that describes the whole batch.
        """
        site = call_site()
        _check_known("map", map_name, MAPS, site)
        self._check_columns([*_placeholders(key, site), *columns], site)
        receives = {"as": "rows", "key": key, "columns": list(columns), "last_row_only": last_row_only}
        self._sink(map_name, "map", {"map": map_name, "receives": self._only_from_a_stage(receives, site)}, f"map, key {key}", site)

    def to_map_as_batch(self, map_name: str, *, key: str) -> None:
        """Sets one entry for each batch, the batch itself; `{key}` in `key` stands for the batch's key."""
        site = call_site()
        _check_known("map", map_name, MAPS, site)
        _check_batch_template(key, site)
        self._sink(map_name, "map", {"map": map_name, "receives": {"as": "batches", "key": key}}, f"map of batches, key {key}", site)

    def to_topic(self, topic: str) -> None:
        """Publishes each batch on a reliable topic; `{key}` in its name stands for the batch's key."""
        site = call_site()
        _check_known("topic", topic, TOPICS, site)
        self._sink(topic, "topic", {"topic": topic, "receives": {"as": "batches"}}, "reliable topic", site)

    def apply(self, processor: str, *, map_name: str, key: str, payload: str) -> "Rows":
        """Runs an entry processor for each row; what it answers flows on.

        Args:
            processor: its registered name.
            map_name: the map whose entries it works on.
            key: text with column names in braces.
            payload: the binary column that is handed to it.
        """
        site = call_site()
        _check_known("entry processor", processor, PROCESSORS, site)
        _check_known("map", map_name, MAPS, site)
        self._check_columns([*_placeholders(key, site), payload], site)
        receives = {"as": "rows", "key": key, "value_column": payload}
        settings = {"map": map_name, "processor": processor, "receives": self._only_from_a_stage(receives, site)}
        name = f"{processor} on {map_name}"
        self._pipeline._add(Vertex(name, "entry_processor", self._vertex.name, settings, site, f"entry processor, key {key}"))
        return Rows(self._pipeline, name)

    def log(self) -> None:
        """One line in the member's log for each batch."""
        self._sink("log", "log", {"receives": {"as": "batches"}}, "member's log", call_site())

    def _sink(self, target: str, kind: Kind, settings: Mapping[str, Any], summary: str, site: Site) -> None:
        self._pipeline._add(Vertex(f"{self._vertex.name} to {target}", kind, self._vertex.name, settings, site, summary))

    def _split(self, keyed_by: str | None, site: Site) -> dict[str, Any]:
        if keyed_by is None or keyed_by == BATCH_KEY:
            return {"as": "batches"}
        self._check_columns([keyed_by], site)
        if self._schema is not None and not pa.types.is_string(self._schema.field(keyed_by).type):
            raise PipelineFault(site, f"keyed_by = {keyed_by!r} is no text column", remedy="Key by a text column or by BATCH_KEY.")
        return self._only_from_a_stage({"as": "split", "column": keyed_by, "key_groups": KEY_GROUPS}, site)

    def _only_from_a_stage(self, receives: dict[str, Any], site: Site) -> dict[str, Any]:
        """A source gives whole batches: taking them apart is done in a stage's Python process."""
        if self._vertex.kind != "python":
            raise PipelineFault(
                site, f"{self._vertex.name!r} is a source and gives whole batches only", remedy="Put a Python stage in between."
            )
        return receives

    def _check_columns(self, columns: Sequence[str], site: Site) -> None:
        if self._schema is None:
            return
        for column in columns:
            if column not in self._schema.names:
                raise PipelineFault(
                    site,
                    f"{self._vertex.name!r} gives no column {column!r}",
                    remedy=f"It gives: {', '.join(self._schema.names)}.",
                )


@dataclass(frozen=True, slots=True)
class Rows:
    """What an entry processor answered: a key and a msgpack value each. It may end here."""

    _pipeline: Pipeline
    _name: str

    def to_topic(self, topic: str) -> None:
        """Publishes each value on a reliable topic."""
        site = call_site()
        _check_known("topic", topic, TOPICS - {name for name in TOPICS if "{key}" in name}, site)
        self._pipeline._add(Vertex(f"{self._name} to {topic}", "topic", self._name, {"topic": topic}, site, "reliable topic"))

    def apply(self, processor: str, *, map_name: str) -> "Rows":
        """Hands each value to an entry processor on the same key of another map; what it answers flows on."""
        site = call_site()
        _check_known("entry processor", processor, PROCESSORS, site)
        _check_known("map", map_name, MAPS, site)
        settings = {"map": map_name, "processor": processor}
        name = f"{processor} on {map_name}"
        self._pipeline._add(Vertex(name, "entry_processor", self._name, settings, site, "entry processor, same key"))
        return Rows(self._pipeline, name)


def _check_known(what: str, name: str, known: Mapping[str, Any] | frozenset[str], site: Site) -> None:
    if name not in known:
        remedy = f"There are: {', '.join(sorted(known))}. A new one goes into dolphin/pipeline/names.py."
        raise PipelineFault(site, f"no {what} is called {name!r}", remedy=remedy)


def _placeholders(template: str, site: Site) -> list[str]:
    """The column names in braces in `template`."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise PipelineFault(site, f"key = {template!r} is no template ({error})", remedy="Close every brace.") from error
    names = [name for _, name, _, _ in parts if name is not None]
    if not template or "" in names:
        raise PipelineFault(site, f"key = {template!r} is no template", remedy='Write one such as "{asset}".')
    return names


def _check_batch_template(template: str, site: Site) -> None:
    for name in _placeholders(template, site):
        if name != "key":
            raise PipelineFault(site, f"{{{name}}} in key = {template!r} is a column, but this is about whole batches", remedy="Use {key}.")


def _json_object(params: Mapping[str, Any], site: Site) -> dict[str, Any]:
    try:
        return json.loads(json.dumps(dict(params), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise PipelineFault(site, f"params cannot be written as JSON ({error})", remedy="Use numbers, texts, lists and dicts.") from error


def _positive(name: str, value: float, site: Site, factor: int = 1) -> int:
    scaled = round(value * factor)
    if scaled < 1:
        raise PipelineFault(site, f"{name} = {value} is too small", remedy="It must be positive.")
    return scaled
