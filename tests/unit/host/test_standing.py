"""How a system stands, as its supervisor wrote it: true only while that supervisor lives."""

import os
from pathlib import Path
from typing import Any

import pytest

from dolphin.core.upkeep.passwords import HIDDEN
from dolphin.errors import BadInput, Refused
from dolphin.host.home import Home, open_home
from dolphin.host.leftovers import Process, process_of
from dolphin.host.standing import (
    Fault,
    PartStanding,
    Standing,
    addresses,
    is_supervised,
    last_standing,
    member_of,
    read_standing,
    write_standing,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def standing(**more: Any) -> Standing:
    me = process_of("supervisor", os.getpid())
    assert me is not None
    common = {"pid": me.pid, "started": me.started, "state": "up", "what": "", "run_id": "r1", "market": "m", "member": "127.0.0.1:5701"}
    return Standing(**(common | more))


def test_it_is_read_back_as_it_was_written(home: Home) -> None:
    assert read_standing(home) is None
    agent = PartStanding(phase="up", since_wall_ns=5, restarts=2, why="it fell", process=Process("agent", 17, 99))
    written = standing(parts={"agent": agent, "ars": PartStanding(phase="waiting", since_wall_ns=0)})
    write_standing(home, written)
    assert read_standing(home) == last_standing(home) == written


def test_of_a_dead_supervisor_only_the_last_word_is_left_whoever_has_its_number(home: Home) -> None:
    stranger = standing(started=1)
    write_standing(home, stranger)
    assert not is_supervised(stranger)
    assert read_standing(home) is None
    assert last_standing(home) == stranger
    with pytest.raises(BadInput, match="no system is up here"):
        member_of(home, None, None)


def test_why_it_failed_is_still_said_after_its_end(home: Home) -> None:
    write_standing(home, standing(started=1, state="failed", what="no room"))
    found = read_standing(home)
    assert found is not None
    assert found.what == "no room"


@pytest.mark.parametrize("text", ["u:hunter2@h:5701", "127.0.0.1:5701,u:hunter2@h:5701", "h:5701?password=hunter2"])
def test_a_password_in_the_address_of_a_member_is_not_shown(text: str) -> None:
    with pytest.raises(BadInput, match="no address of a member") as caught:
        addresses(text, "--member")
    assert caught.value.value == HIDDEN


def test_an_error_that_is_handed_on_is_the_same_error() -> None:
    error = Refused("it is in use", field="port", value=5701, remedy="Choose another.")
    again = Fault.of(error).as_error(Refused)
    assert (str(again), again.exit_code) == (str(error), error.exit_code)


def test_a_file_that_is_no_standing_is_none(home: Home) -> None:
    home.supervisor.write_bytes(b'{"pid":')
    assert last_standing(home) is None
