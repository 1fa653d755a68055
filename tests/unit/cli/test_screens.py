"""Every screen of a running system begins with what is wrong with it, and calls nothing present that is not."""

import json
import os
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from gates_of_a_day import NOTHING, demanded, voted
from standings import NOW, say

from dolphin.cli import main, seeing
from dolphin.cluster.watch import Sighting
from dolphin.core.contract.names import MEMBER
from dolphin.core.control.posture import Posture
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.health.parts import PARTS
from dolphin.core.health.verdict import Sight, judge
from dolphin.core.units import SECOND_NS
from dolphin.host.home import open_home
from dolphin.operator.health import Assessment
from dolphin.operator.views.account import view

NAMES = [part.name for part in PARTS]
BEATS = {name: Heartbeat(5, NOW, NOW) for name in NAMES}
WELL = Sight(NOW, None, {}, BEATS)
FREE = reduce(voted, range(1, 9), NOTHING)
"""An asset whose sources have been clear for long enough."""
APEX = demanded(FREE, 8)
TURTLE = demanded(demanded(FREE, 7), 8, 600_000)
type Screen = tuple[str, ...]
SCREENS = (("posture", "show"), ("posture", "explain"), ("breaker", "list"), ("job", "list"))
PRESENT = ("cap 6.00x  (lease", "in force", "not restricted", "at the earliest")
"""What may be said only while it is so."""


class Operator:
    """Types a command where `sight` is what is to be seen."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, told: pytest.CaptureFixture[str]) -> None:
        self._home, self._patch, self._told = home, patch, told
        say(open_home(home), NOW)

    def types(self, *words: str, sight: Sight, gates: Any = APEX) -> tuple[int, str]:
        sighting = None if sight.beats is None else Sighting(sight.beats, {})
        seen = gates if sighting is not None else None
        account = view(seen) if seen is not None else None
        found = Assessment(judge(sight), None, sighting, account, seen)
        self._patch.setattr(seeing, "assess", lambda *_: found)
        status = main([*words, "--home", str(self._home)])
        return status, self._told.readouterr().out


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    monkeypatch.setitem(os.environ, "COLUMNS", "300")
    return Operator(tmp_path / "home", monkeypatch, capsys)


def one(name: str, **changes: int | bool | str) -> Sight:
    return WELL._replace(beats=BEATS | {name: BEATS[name]._replace(**changes)})  # type: ignore[arg-type]


WRONG = {
    **{f"{name} silent": one(name, wall_ns=NOW - 3 * SECOND_NS) for name in NAMES},
    **{f"{name} still": one(name, moved_wall_ns=NOW - 3 * SECOND_NS) for name in NAMES},
    **{f"{name} gone": WELL._replace(ended=frozenset({name})) for name in NAMES},
    "acb suspended": WELL._replace(suspended={"acb": "suspended"}),
    "exchange away": one("feed.0", is_nominal=False, detail="the exchange has been silent for 4 s"),
}


@pytest.mark.parametrize("screen", SCREENS, ids=" ".join)
@pytest.mark.parametrize("sight", WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize("gates", [APEX, TURTLE], ids=["apex", "turtle"])
def test_a_screen_begins_with_what_is_wrong_and_promises_nothing(operator: Operator, screen: Screen, sight: Sight, gates: Any) -> None:
    status, said = operator.types(*screen, sight=sight, gates=gates)
    assert status == 0
    assert said.startswith(judge(sight).headline)
    assert not [words for words in PRESENT if words in said]
    told = json.loads(operator.types(*screen, "--json", sight=sight, gates=gates)[1])
    assert told["health"]["headline"] == judge(sight).headline


@pytest.mark.parametrize("screen", SCREENS[:3], ids=" ".join)
def test_a_screen_of_a_system_that_is_well_says_what_is_in_force(operator: Operator, screen: Screen) -> None:
    said = operator.types(*screen, sight=WELL)[1] + operator.types(*screen, sight=WELL, gates=TURTLE)[1]
    assert any(words in said for words in PRESENT), said
    assert "DOWN" not in said


@pytest.mark.parametrize("screen", SCREENS, ids=" ".join)
def test_without_an_answer_of_the_member_a_screen_says_so_and_ends_as_status_does(operator: Operator, screen: Screen) -> None:
    sight = WELL._replace(beats=None)
    status, said = operator.types(*screen, sight=sight)
    assert status == 4
    assert said.startswith(f"DOWN: {MEMBER} is dead: ")
    assert Posture.APEX.name not in said
    status, said = operator.types(*screen, "--json", sight=sight)
    assert (status, json.loads(said)["health"]["health"]) == (4, "down")


@pytest.mark.parametrize("screen", SCREENS, ids=" ".join)
def test_a_member_that_a_person_named_and_that_does_not_answer_is_an_error(operator: Operator, screen: Screen) -> None:
    assert operator.types(*screen, "--member", "127.0.0.1:1", sight=WELL._replace(beats=None))[0] == 1


@pytest.mark.parametrize("screen", SCREENS, ids=" ".join)
def test_where_no_system_is_left_a_screen_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str], screen: Screen) -> None:
    assert main([*screen, "--home", str(tmp_path / "nothing")]) == 2
    assert "no system is up here" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_no_screen_shows_nanoseconds_of_a_latch_or_parts_of_a_million(operator: Operator) -> None:
    latched = demanded(demanded(FREE, 7), 8, 0, broken=["heartbeat lost for 13250000000 ns"])
    said = "".join(operator.types(*screen, sight=WELL, gates=latched)[1] for screen in SCREENS)
    assert "heartbeat lost for 13 s" in said
    assert "13250000000" not in said
