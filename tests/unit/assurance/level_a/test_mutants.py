"""What we add to mutmut and PIT: names that do not slide, properties that are mutated too, and reports read strictly."""

from pathlib import Path

import pytest

from dolphin.assurance.level_a import modules, pit
from dolphin.assurance.level_a.justified import Justification
from dolphin.assurance.level_a.mutants import ModuleScore, difference, function_of, without_property_decorators


@pytest.mark.parametrize(
    ("key", "function"),
    [
        ("dolphin.core.order_gate.admission.x_decide__mutmut_12", "decide"),
        ("dolphin.core.order_gate.admission.x__is_order__mutmut_1", "_is_order"),
        ("dolphin.core.order_gate.exposure.xǁBookǁstanding__mutmut_30", "Book.standing"),
    ],
)
def test_a_mutant_belongs_to_a_function(key: str, function: str) -> None:
    assert function_of(key) == function


def test_a_mutant_is_what_it_takes_out_and_puts_in() -> None:
    shown = "# m: survived\n--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n def f(x):\n-    return x > 0\n+    return x >= 0\n"
    assert difference(shown) == ("return x > 0", "return x >= 0")


def test_a_property_becomes_a_plain_method_and_stays_a_property() -> None:
    source = (
        "class A:\n    x: int = 3\n\n    @property\n    def twice(self):\n        return 2 * self.x\n\n    def f(self):\n        pass\n"
    )
    changed = without_property_decorators(source)
    assert "@property" not in changed
    assert len(changed.splitlines()) == len(source.splitlines())
    names: dict[str, type] = {}
    exec(changed, names)
    assert names["A"]().twice == 6


REPORT = """<?xml version="1.0" encoding="UTF-8"?><mutations partial="true">
<mutation detected='true' status='KILLED'><sourceFile>Ppm.java</sourceFile><mutatedClass>dolphin.jet.gates.Ppm</mutatedClass>
<mutatedMethod>mul</mutatedMethod><lineNumber>2</lineNumber><description>Replaced long division</description></mutation>
<mutation detected='true' status='TIMED_OUT'><sourceFile>Ppm.java</sourceFile><mutatedClass>dolphin.jet.gates.Ppm</mutatedClass>
<mutatedMethod>mul</mutatedMethod><lineNumber>2</lineNumber><description>replaced long return</description></mutation>
<mutation detected='false' status='{status}'><sourceFile>Ppm.java</sourceFile><mutatedClass>dolphin.jet.gates.Ppm</mutatedClass>
<mutatedMethod>capAt</mutatedMethod><lineNumber>3</lineNumber><description>changed boundary</description></mutation>
</mutations>"""


@pytest.mark.parametrize("status", ["SURVIVED", "NO_COVERAGE", "NON_VIABLE"])
def test_what_pit_did_not_detect_is_open_unless_it_is_justified_by_its_line(tmp_path: Path, status: str) -> None:
    source = tmp_path / "dolphin" / "jet" / "gates" / "Ppm.java"
    source.parent.mkdir(parents=True)
    source.write_text("class Ppm {\n  mul\n  if (level < 4) {\n")
    report = tmp_path / "mutations.xml"
    report.write_text(REPORT.format(status=status))
    score = pit.read(report, tmp_path, ())
    assert score.modules == (ModuleScore("dolphin.jet.gates.Ppm", 3, 2),)
    (gap,) = score.verdict.open
    assert gap.place == ("dolphin.jet.gates.Ppm", "capAt", "changed boundary", "if (level < 4) {")
    assert pit.read(report, tmp_path, (Justification(gap.place, "no level is 4"),)).is_complete
    source.write_text("class Ppm {\n  mul\n  if (level < 5) {\n")
    assert not pit.read(report, tmp_path, (Justification(gap.place, "no level is 4"),)).is_complete


@pytest.mark.parametrize("package", modules.JAVA_PACKAGES)
def test_pit_changes_the_classes_of_every_level_a_package_and_runs_its_tests(package: str) -> None:
    folder = Path(*package.split("."))
    for option, tree in (("targetClasses", pit.SOURCES), ("targetTests", pit.SOURCES.parents[1] / "test" / "java")):
        (given,) = (each for each in pit.COMMAND if each.startswith(f"-D{option}="))
        assert f"{package}.*" in given.partition("=")[2].split(",")
        assert list((tree / folder).glob("*.java"))
