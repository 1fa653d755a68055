"""The lists of justified gaps: each entry has a reason, and none outlives its gap."""

from pathlib import Path
from typing import NamedTuple

import pytest

from dolphin.assurance.level_a.justified import Justification, check
from dolphin.errors import BadInput

KEYS = ("module", "mutant")


class Hole(NamedTuple):
    module: str
    mutant: str

    @property
    def place(self) -> tuple[str, ...]:
        return tuple(self)


def read(tmp_path: Path, text: str) -> tuple[Justification, ...]:
    path = tmp_path / "justified.toml"
    path.write_text(text)
    return Justification.read(path, KEYS)


def test_a_gap_is_open_until_its_place_is_justified(tmp_path: Path) -> None:
    entries = read(tmp_path, '[[justified]]\nmodule = "a"\nmutant = "1"\nreason = "equal by rounding"\n')
    verdict = check([Hole("a", "1"), Hole("a", "2")], entries)
    assert verdict.open == (Hole("a", "2"),)
    assert verdict.justified == ((Hole("a", "1"), "equal by rounding"),)
    assert not verdict.is_clean
    assert check([Hole("a", "1")], entries).is_clean


def test_a_justification_that_excuses_nothing_is_as_bad_as_a_gap(tmp_path: Path) -> None:
    verdict = check([], read(tmp_path, '[[justified]]\nmodule = "a"\nmutant = "1"\nreason = "was so once"\n'))
    assert verdict.unneeded == (("a", "1"),)
    assert not verdict.is_clean


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        '[[justified]]\nmodule = "a"\nmutant = "1"\n',
        '[[justified]]\nmodule = "a"\nmutant = "1"\nreason = " "\n',
        '[[justified]]\nmodule = "a"\nreason = "r"\n',
        '[[justified]]\nmodule = "a"\nmutant = 1\nreason = "r"\n',
        '[[justified]]\nmodule = "a"\nmutant = "1"\nreason = "r"\nnote = "n"\n',
        '[[justified]]\nmodule = "a"\nmutant = "1"\nreason = "r"\n' * 2,
    ],
)
def test_an_entry_that_does_not_say_what_and_why_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        read(tmp_path, text)


def test_an_empty_list_justifies_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == ()
