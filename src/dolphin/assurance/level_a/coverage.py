"""MC/DC of the level A modules: run their tests under the recorder, and say which conditions no test shows to matter."""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from dolphin.assurance.level_a import modules
from dolphin.assurance.level_a.decisions import instrument
from dolphin.assurance.level_a.independence import gaps
from dolphin.assurance.level_a.justified import Justification, Verdict, check
from dolphin.assurance.level_a.recording import Probe
from dolphin.errors import DolphinError
from dolphin.host.home import REPOSITORY

JUSTIFIED: Final = REPOSITORY / "tests" / "level_a" / "mcdc_exclusions.toml"
KEYS: Final = ("module", "function", "decision", "condition")
LIMIT_S: Final = 300


class Missing(NamedTuple):
    """A condition that was not shown to matter: where it stands and which of its values is lacking."""

    module: str
    function: str
    line: int
    decision: str
    condition: str
    lacks: str

    @property
    def place(self) -> tuple[str, ...]:
        """What a justification names: no line, so that it stays true when lines move."""
        return (self.module, self.function, self.decision, self.condition)


class ModuleCoverage(NamedTuple):
    """One module: how many decisions and conditions it has, and which are not shown."""

    module: str
    decisions: int
    conditions: int
    missing: tuple[Missing, ...]


class Coverage(NamedTuple):
    """The whole result: modules, what is missing without a justification, what is justified, and justifications that are not needed."""

    modules: tuple[ModuleCoverage, ...]
    verdict: Verdict[Missing]

    @property
    def is_complete(self) -> bool:
        return self.verdict.is_clean


ALL_TESTS: Final = tuple(itertools.chain.from_iterable(modules.TESTS.values()))


def judge(files: Mapping[str, Path], probes: Mapping[str, Probe]) -> list[ModuleCoverage]:
    """The coverage of each module; one that no test imported has nothing shown."""
    return [_judge(module, probes.get(module) or Probe(instrument(module, path.read_text())[1])) for module, path in files.items()]


def measure(chosen: Mapping[str, Path], tests: Sequence[str] = ALL_TESTS, justified: Path = JUSTIFIED) -> Coverage:
    """Runs `tests` under the recorder and judges the `chosen` modules.

    Raises:
        DolphinError: a test fails, so that nothing can be said.
    """
    with tempfile.TemporaryDirectory(prefix="dolphin-mcdc-") as folder:
        result = Path(folder) / "mcdc.json"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "dolphin.assurance.level_a.plugin",
            "--mcdc",
            str(result),
            *tests,
        ]
        ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if ran.returncode != 0:
            raise DolphinError(
                "the tests of the level A modules fail",
                field="tests",
                value=ran.stdout[-2000:],
                remedy=f"Run: ./dolphin test -- {' '.join(tests)}",
            )
        found = msgspec.json.decode(result.read_bytes(), type=tuple[ModuleCoverage, ...])
    judged = tuple(each for each in found if each.module in chosen)
    missing = [each for module in judged for each in module.missing]
    return Coverage(judged, check(missing, modules.about(chosen, Justification.read(justified, KEYS))))


def _judge(module: str, probe: Probe) -> ModuleCoverage:
    missing = tuple(
        Missing(module, decision.function, decision.line, decision.text, gap.condition, gap.lacks)
        for number, decision in enumerate(probe.decisions)
        for gap in gaps(decision, probe.vectors[number], frozenset(index for seen, index in probe.values if seen == number))
    )
    return ModuleCoverage(module, len(probe.decisions), sum(len(decision.conditions) for decision in probe.decisions), missing)
