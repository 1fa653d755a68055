"""State is for its owner's eyes; what was wider is narrowed."""

import os
import stat
from pathlib import Path

import pytest

from dolphin.host.home import Home, open_home
from dolphin.host.private import narrow
from dolphin.storage.sqlite import SqliteStore


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def wide_home(tmp_path: Path) -> Home:
    """A home as a version without this rule has left it."""
    home = Home(tmp_path / "home")
    for folder in (home.root, home.root / "run", home.run("r")):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    files = [home.ledger, home.gates, home.root / "gates.sqlite-wal", home.lock, home.reserve]
    files += [home.member_log, home.root / "member.log.000001.gz", home.run("r") / "agent.ndjson"]
    for path in files:
        path.touch()
        path.chmod(0o644)
    return home


def test_opening_a_home_narrows_everything_in_it(wide_home: Home) -> None:
    open_home(wide_home.root)
    wide = [path for path in (wide_home.root, *wide_home.root.rglob("*")) if mode(path) & 0o077]
    assert not wide
    assert mode(wide_home.ledger) == 0o600
    assert mode(wide_home.root) == 0o700


def test_a_folder_that_holds_other_things_too_keeps_its_own_mode(wide_home: Home) -> None:
    (wide_home.root / "thesis.tex").touch()
    (wide_home.root / "thesis.tex").chmod(0o644)
    open_home(wide_home.root)
    assert mode(wide_home.root) == 0o755
    assert mode(wide_home.root / "thesis.tex") == 0o644
    assert mode(wide_home.ledger) == 0o600


def test_a_name_that_only_begins_like_ours_is_another_thing(wide_home: Home) -> None:
    (wide_home.root / "running-notes.txt").touch()
    open_home(wide_home.root)
    assert mode(wide_home.root) == 0o755


@pytest.mark.parametrize("there", [[], ["thesis.tex"], ["runs"]])
def test_a_folder_in_which_nothing_of_ours_is_found_keeps_its_modes(tmp_path: Path, there: list[str]) -> None:
    paths = [tmp_path / name for name in there]
    for path in paths:
        path.mkdir()
    for path in (tmp_path, *paths):
        path.chmod(0o755)
    home = open_home(tmp_path)
    assert [mode(path) for path in (tmp_path, *paths)] == [0o755] * (1 + len(paths))
    assert mode(home.lock.parent) == 0o700


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    there.chmod(0o644)
    (tmp_path / "link").symlink_to(there)
    narrow(tmp_path / "link")
    narrow(tmp_path / "nowhere")
    assert mode(there) == 0o644


def test_a_ledger_is_private_from_its_first_moment_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = SqliteStore.open(tmp_path / "ledger.sqlite")
        store.take_lease("paper", "me")
        assert {mode(path) for path in tmp_path.iterdir()} == {0o600}
        assert len(list(tmp_path.iterdir())) == 4, "the log, the shared memory and the lock too"
        store.close()
        (tmp_path / "ledger.sqlite").chmod(0o664)
        SqliteStore.open(tmp_path / "ledger.sqlite").close()
        assert mode(tmp_path / "ledger.sqlite") == 0o600
    finally:
        os.umask(before)
