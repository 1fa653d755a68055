"""Mutation of the Java level A packages, by PIT (`jet/pom.xml`, profile `mutation`): as `mutants`, for the rules inside the member.

PIT changes byte code, so that a mutant is named by its method, what was changed, and the line of source it stands on.
"""

import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from dolphin.assurance.level_a import modules
from dolphin.assurance.level_a.justified import Justification, Verdict, check
from dolphin.assurance.level_a.mutants import ModuleScore
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import REPOSITORY

JUSTIFIED: Final = REPOSITORY / "tests" / "level_a" / "equivalent_mutants_java.toml"
KEYS: Final = ("class", "method", "change", "line")
SOURCES: Final = REPOSITORY / "jet" / "src" / "main" / "java"
REPORT: Final = REPOSITORY / "jet" / "target" / "pit-reports" / "mutations.xml"
CLASSES: Final = ",".join(f"{package}.*" for package in modules.JAVA_PACKAGES)
COMMAND: Final = (
    *("mvn", "-B", "-pl", "jet", "-P", "mutation", "test-compile", "org.pitest:pitest-maven:mutationCoverage"),
    *(f"-DtargetClasses={CLASSES}", f"-DtargetTests={CLASSES}"),
)
DETECTED: Final = frozenset({"KILLED", "TIMED_OUT", "MEMORY_ERROR", "RUN_ERROR"})


class JavaMutant(NamedTuple):
    """A change of a method that no test noticed; `line` is the text of the source line."""

    java_class: str
    method: str
    change: str
    line: str
    line_number: int
    status: str

    @property
    def place(self) -> tuple[str, ...]:
        """What a justification names."""
        return (self.java_class, self.method, self.change, self.line)


class JavaScore(NamedTuple):
    """The whole result, a class a module."""

    modules: tuple[ModuleScore, ...]
    verdict: Verdict[JavaMutant]

    @property
    def is_complete(self) -> bool:
        return self.verdict.is_clean


def measure(justified: Path = JUSTIFIED) -> JavaScore:
    """Runs PIT; takes minutes.

    Raises:
        BadInput: there is no Maven.
        DolphinError: it did not run, for instance because a test fails without any mutation.
    """
    REPORT.unlink(missing_ok=True)
    try:
        ran = subprocess.run(COMMAND, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BadInput("there is no Maven", field="mvn", value="mvn", remedy="Install Maven 3.9 or newer.") from error
    if ran.returncode != 0 or not REPORT.is_file():
        raise DolphinError("PIT did not run", field="pit", value=ran.stdout[-2000:], remedy=f"Run: {' '.join(COMMAND)}")
    return read(REPORT, SOURCES, Justification.read(justified, KEYS))


def read(report: Path, sources: Path, known: tuple[Justification, ...]) -> JavaScore:
    """The score in PIT's XML report; `sources` has the code it is about."""
    total: Counter[str] = Counter()
    detected: Counter[str] = Counter()
    survivors: list[JavaMutant] = []
    for each in ElementTree.parse(report).getroot().iter("mutation"):
        name, method, description = (each.findtext(tag, "") for tag in ("mutatedClass", "mutatedMethod", "description"))
        status, number = each.get("status", ""), int(each.findtext("lineNumber", "0"))
        total[name] += 1
        if status in DETECTED:
            detected[name] += 1
        else:
            package = name.rpartition(".")[0].replace(".", "/")
            lines = (sources / package / each.findtext("sourceFile", "")).read_text().splitlines()
            survivors.append(JavaMutant(name, method, description, lines[number - 1].strip(), number, status))
    scores = tuple(ModuleScore(name, total[name], detected[name]) for name in sorted(total))
    return JavaScore(scores, check(survivors, known))
