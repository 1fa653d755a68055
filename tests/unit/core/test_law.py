"""The law is read whole or refused by name, and its hash is the same for the same law, in any process, and another for any other law."""

import os
import re
import subprocess
import sys
from importlib import resources

import pytest

from dolphin.core import law
from dolphin.core.control import params
from dolphin.core.control.params import BreakerParams, GovernorParams, SurvivalParams
from dolphin.core.law import LAW, Law, Number, read
from dolphin.errors import BadInput

TEXT = """
version = 3
[breaker]
hold_ns = { value = 7, unit = "ns", low = 1, high = 9, reason = "given" }
cuts = { value = [5, 0], unit = "ppm", low = 0, high = 9, reason = "given" }
"""
NUMBERS = [(section, name) for section, numbers in LAW.numbers.items() for name in numbers]


def test_a_law_is_its_version_and_its_numbers() -> None:
    hold, cuts = Number((7,), "ns", 1, 9, "given"), Number((5, 0), "ppm", 0, 9, "given")
    assert read(TEXT) == Law(3, {"breaker": {"hold_ns": hold, "cuts": cuts}})
    assert read(TEXT).number("breaker", "hold_ns") == 7
    assert read(TEXT).row("breaker", "cuts", 2) == (5, 0)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version = 3", "version = 0", "version = 0: must be a whole number from 1. Restore law.toml."),
        ("version = 3", "version = true", "version = True: must be a whole number from 1. Restore law.toml."),
        ("version = 3", "", "version = None: must be a whole number from 1. Restore law.toml."),
        ("version = 3", "version = 3\nhold_ns = 4", "hold_ns = 4: must be a section of numbers. Restore law.toml."),
        ("value = 7", "value = 0", "breaker.hold_ns = 0: must be a whole number of ns from 1 to 9. Restore law.toml."),
        ("value = 7", "value = 10", "breaker.hold_ns = 10: must be a whole number of ns from 1 to 9. Restore law.toml."),
        ("value = 7", "value = 7.0", "breaker.hold_ns = 7.0: must be a whole number of ns from 1 to 9. Restore law.toml."),
        ("value = 7", "value = true", "breaker.hold_ns = True: must be a whole number of ns from 1 to 9. Restore law.toml."),
        ("[5, 0]", "[5, 10]", "breaker.cuts = 10: must be a whole number of ppm from 0 to 9. Restore law.toml."),
        ("low = 1", "low = 1.0", "breaker.hold_ns = [1.0, 9]: must have a range of whole numbers. Restore law.toml."),
        ("high = 9, reason = \"given\" }\ncuts", "high = \"9\", reason = \"given\" }\ncuts",
         "breaker.hold_ns = [1, '9']: must have a range of whole numbers. Restore law.toml."),
        ("hold_ns = {", "hold_ns = 4\nother = {", "breaker.hold_ns = 4: must have value, unit, low, high, reason. Restore law.toml."),
    ],
)  # fmt: skip
def test_a_number_that_is_incomplete_or_out_of_range_is_named(before: str, after: str, said: str) -> None:
    assert before in TEXT
    with pytest.raises(BadInput) as caught:
        read(TEXT.replace(before, after, 1))
    assert str(caught.value) == said


def test_a_law_of_the_first_version_is_one() -> None:
    assert read(TEXT.replace("version = 3", "version = 1")).version == 1


@pytest.mark.parametrize(("name", "size"), [("hold_ns", 2), ("cuts", 1), ("cuts", 3), ("missing", 1)])
def test_a_number_that_is_missing_or_not_as_many_as_asked_for_is_named(name: str, size: int) -> None:
    with pytest.raises(BadInput, match=rf"^breaker.{name} = \[.*: must have {size} value"):
        read(TEXT).row("breaker", name, size)


def test_a_section_that_is_missing_is_named_by_its_number() -> None:
    with pytest.raises(BadInput) as caught:
        read(TEXT).number("posture", "dwell_ns")
    assert str(caught.value) == "posture.dwell_ns = []: must have 1 value(s). Restore law.toml."


ORDERED = """
rising = [["breaker.low", "breaker.row", "breaker.high"]]
falling = [["breaker.high", "breaker.low"]]
version = 1
[breaker]
low = { value = 1, unit = "ppm", low = 0, high = 9, reason = "given" }
row = { value = [2, 3], unit = "ppm", low = 0, high = 9, reason = "given" }
high = { value = 4, unit = "ppm", low = 0, high = 9, reason = "given" }
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("value = 1,", "value = 2,", "breaker.low, breaker.row, breaker.high = [2, 2, 3, 4]: must be strictly rising. Restore law.toml."),
        ("[2, 3]", "[3, 2]", "breaker.low, breaker.row, breaker.high = [1, 3, 2, 4]: must be strictly rising. Restore law.toml."),
        ('rising = [["breaker.low", "breaker.row", "breaker.high"]]', 'rising = [["breaker.row"]]', ""),
        ('["breaker.high", "breaker.low"]', '["breaker.low", "breaker.high"]',
         "breaker.low, breaker.high = [1, 4]: must be strictly falling. Restore law.toml."),
        ('["breaker.high", "breaker.low"]', '["breaker.high", "breaker.nothing"]',
         "falling = 'breaker.nothing': names no number of the law. Restore law.toml."),
        ('["breaker.high", "breaker.low"]', '["breach.high"]', "falling = 'breach.high': names no number of the law. Restore law.toml."),
        ('["breaker.high", "breaker.low"]', '[]', "falling = []: must be lists of names. Restore law.toml."),
        ('[["breaker.high", "breaker.low"]]', '"breaker.low"', "falling = 'breaker.low': must be lists of names. Restore law.toml."),
    ],
)  # fmt: skip
def test_numbers_that_are_not_in_their_order_are_named(before: str, after: str, said: str) -> None:
    assert before in ORDERED
    changed = ORDERED.replace(before, after, 1)
    if not said:
        assert read(changed).version == 1
        return
    with pytest.raises(BadInput) as caught:
        read(changed)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cuts_to_ppm", "[0, 200_000, 450_000, 750_000, 1_000_000]"),
        ("trips_at_ppm", "[500_000, 250_000, 750_000, 950_000]"),
        ("stalker_below_ppm", "930_000"),
        ("turtle_below_ppm", "860_000"),
        ("hibernate_above_ppm", "400_000"),
        ("stalker_cap_ppm", "6_000_000"),
        ("jitter_limit_ns", "50_000_000"),
    ],
)
def test_a_law_by_which_a_worse_reading_could_raise_the_cap_is_refused(name: str, value: str) -> None:
    text = (resources.files("dolphin.core") / "law.toml").read_text()
    changed, count = re.subn(rf"^{name} = {{ value = (\[.*?\]|[\d_]+)", f"{name} = {{ value = {value}", text, flags=re.MULTILINE)
    assert count == 1
    with pytest.raises(BadInput, match="must be strictly"):
        read(changed)


def test_a_number_without_a_reason_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^breaker.hold_ns = .*must have value, unit, low, high, reason"):
        read(TEXT.replace(', reason = "given" }\ncuts', " }\ncuts"))


def test_what_is_no_toml_is_refused_with_its_beginning() -> None:
    with pytest.raises(BadInput) as caught:
        read("version = = 3" + " " * 40 + "x")
    assert caught.value.field == "law"
    assert caught.value.value == "version = = 3" + " " * 27
    assert caught.value.what.startswith("no TOML: Invalid value")
    assert caught.value.remedy == "Restore law.toml."


def test_a_hash_is_of_the_version_every_number_and_what_is_said_beside() -> None:
    first = read(TEXT).digest()
    assert len(first) == 16
    assert read("\n# a remark" + TEXT).digest() == first
    others = [
        read(TEXT.replace(*change)).digest() for change in (("= 3", "= 4"), ("= 7", "= 8"), ("[5, 0]", "[4, 0]"), ("hold_ns", "held_ns"))
    ]
    assert len({first, *others, read(TEXT).digest("wired"), read(TEXT).digest("wired", "more")}) == 7


@pytest.mark.parametrize(("section", "name"), NUMBERS)
def test_every_number_of_the_law_is_in_the_hash(section: str, name: str) -> None:
    number = LAW.numbers[section][name]
    other = number._replace(values=(number.values[0] + 1, *number.values[1:]))
    changed = LAW._replace(numbers={**LAW.numbers, section: {**LAW.numbers[section], name: other}})
    assert changed.digest() != LAW.digest()


@pytest.mark.parametrize(("section", "name"), NUMBERS)
def test_every_number_of_the_law_is_used(section: str, name: str) -> None:
    fields = {"survival": SurvivalParams(), "governor": GovernorParams(), "breaker": BreakerParams()}.get(section)
    package = resources.files("dolphin.core.control")
    in_code = any(f'"{section}", "{name}"' in path.read_text() for path in package.iterdir() if path.name.endswith(".py"))
    by_posture = section == "posture" and name.partition("_")[0] in ("stalker", "turtle", "hibernate")
    assert hasattr(fields, name) or in_code or by_posture


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_finds_the_same_hash_whatever_its_order_of_sets(seed: str) -> None:
    code = "from dolphin.core.control.params import LAW_HASH; print(LAW_HASH)"
    said = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == params.LAW_HASH


def test_what_is_wired_is_in_the_hash() -> None:
    wired = ", ".join(f"'{name}'" for name in sorted(SurvivalParams().wired))
    assert LAW.digest(f"wired=[{wired}]") == params.LAW_HASH


def test_the_file_says_what_each_number_is_for() -> None:
    for section, name in NUMBERS:
        number = LAW.numbers[section][name]
        assert number.unit
        assert number.reason
    assert law.LAW.version >= 1
