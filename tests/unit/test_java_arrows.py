"""The Java packages as literal tables: what each may know of the others, so that none knows itself in the end, and which numbers the rules
write down, so that none of the law's is among them."""

import graphlib
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
JAVA = REPOSITORY / "jet" / "src" / "main" / "java"
ROOT = "dolphin.jet"

ARROWS = {
    "wire": set[str](),
    "gates.msgpack": set[str](),
    "gates": {"wire", "gates.msgpack"},
    "gates.merge": {"gates", "gates.msgpack"},
    "gates.store": {"gates", "gates.msgpack"},
    "stage": {"wire"},
    "source": {"wire"},
    "health": {"gates.msgpack"},
    "sink": {"wire", "gates.store", "health"},
    "job": {"wire", "gates", "stage", "source", "sink"},
    "member": {"gates", "gates.store", "health"},
}
"""From each package to those whose classes it names. What is not here is not allowed, and what is here is used."""

NUMBERS = {
    "gates/AccountEntry": {5},  # fields
    "gates/AccountRule": {32},  # texts
    "gates/BreakerEntry": {2, 3, 4, 5, 6, 7, 8},  # columns
    "gates/BreakerRule": {2},  # of the three readings whose bits are kept
    "gates/Command": {15, 256},  # fields, and room for a text
    "gates/Fields": {256},  # longest text
    "gates/GateEntry": {4, 5, 16},  # fields, and the bytes of a hash
    "gates/GateSerializers": {10, 11, 12, 7101},  # ids
    "gates/Law": {4},  # levels
    "gates/LawFile": {8},  # bytes of a hash
    "gates/ManualCut": {2, 3},  # columns
    "gates/PostureEntry": {15},  # fields
    "gates/Sealed": {2, 5, 9},  # the schema, and bytes of the seal
    "gates/Ppm": {62, 1_000_000},  # what a number may be, and one
    "gates/merge/Joins": {2, 3, 4, 5, 6, 7, 32},  # columns and texts
}
"""Every number above 1 that is written in the rules. Those of the control law stand in `law.toml` and are read by `Law`."""

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"')
NUMBER = re.compile(r"(?<![\w.])(\d[\d_]*)L?\b")
NAMED = re.compile(rf"\b{re.escape(ROOT)}((?:\.[a-z]\w*)*)(?=[.;])")
PYTHON_MODULE = re.compile(r"\bdolphin(?:\.[a-z_0-9]+)+")


def found() -> dict[str, set[str]]:
    """The packages that there are, each with those that its code (not its comments) names."""
    arrows: dict[str, set[str]] = {}
    for path in sorted(JAVA.rglob("*.java")):
        own = path.relative_to(JAVA).parent.as_posix().replace("/", ".").removeprefix(ROOT).removeprefix(".")
        named = {match[1].removeprefix(".") for match in NAMED.finditer(COMMENT.sub("", path.read_text()))}
        arrows.setdefault(own, set()).update(named - {own})
    return arrows


def test_the_packages_know_each_other_as_the_table_says_and_no_package_is_outside_it() -> None:
    assert found() == ARROWS


def test_there_is_no_circle() -> None:
    graphlib.TopologicalSorter(found()).prepare()


def test_every_package_says_what_it_is_for() -> None:
    missing = [package for package in found() if not (JAVA / f"{ROOT}.{package}".replace(".", "/") / "package-info.java").is_file()]
    assert missing == []


def test_the_python_modules_that_java_names_exist() -> None:
    for path in sorted((REPOSITORY / "jet" / "src").rglob("*.java")):
        for comment in COMMENT.findall(path.read_text()):
            for name in PYTHON_MODULE.findall(re.sub(r"\s*\n\s*\*\s*", " ", comment)):
                if name.startswith((ROOT, "dolphin.gates")):  # our own, and the member's properties
                    continue
                place = REPOSITORY / "src" / name.replace(".", "/")
                exists = place.with_suffix(".py").is_file() or place.is_dir() or place.parent.with_suffix(".py").is_file()
                assert exists, f"{path.relative_to(REPOSITORY)} names {name}"


def test_no_number_of_the_law_is_written_in_java() -> None:
    written: dict[str, set[int]] = {}
    for folder in ("gates", "gates/merge"):
        for path in sorted((JAVA / ROOT.replace(".", "/") / folder).glob("*.java")):
            code = TEXT.sub("", COMMENT.sub("", path.read_text()))
            written[f"{folder}/{path.stem}"] = {int(match[1].replace("_", "")) for match in NUMBER.finditer(code)} - {0, 1}
    assert {file: numbers for file, numbers in written.items() if numbers} == NUMBERS
