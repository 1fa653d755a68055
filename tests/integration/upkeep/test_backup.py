"""What was copied while everything ran is what comes back, or nothing does."""

import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from homes import Writer, make_home, versions

from dolphin.core.ledger.events import Fee
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host.home import Home, RunFiles, open_home
from dolphin.host.home_lock import HomeLock
from dolphin.host.tail import Tail
from dolphin.storage.ledger import SqliteLedger
from dolphin.upkeep.archive import heads_of
from dolphin.upkeep.backup import back_up
from dolphin.upkeep.restore import restore

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

RUN_ID = "20260101T000000Z-aaaa"


def ignore(name: str) -> None:
    pass


def tree(home: Home) -> dict[str, bytes]:
    """Every file of the runs."""
    return {str(path.relative_to(home.root)): path.read_bytes() for path in home.runs.rglob("*") if path.is_file()}


def test_what_was_copied_comes_back_and_verifies(tmp_path: Path) -> None:
    home, file = make_home(tmp_path / "home", 200), tmp_path / "copy.tar.gz"
    made = back_up(home, file, ignore)
    back = open_home(tmp_path / "back")
    assert restore(file, back, ignore, replace=False) == made
    assert heads_of(back.ledger) == heads_of(home.ledger) == made.heads
    assert versions(back.gates) == versions(home.gates)
    assert tree(back) == tree(home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [path for path in back.root.rglob("*") if path.stat().st_mode & 0o077]
    names = ["gates.sqlite", "gates.sqlite.lock", "ledger.sqlite", "ledger.sqlite.lock", "run", "runs"]
    assert sorted(path.name for path in back.root.iterdir()) == names
    ledger = SqliteLedger.open(back.ledger, account="paper", owner="next")
    ledger.record(Fee(1, "it goes on"), 9)
    ledger.close()


def test_a_copy_made_while_everything_writes_is_of_one_moment(tmp_path: Path) -> None:
    root = tmp_path / "home"
    command = [sys.executable, str(Path(__file__).with_name("homes.py")), str(root), RUN_ID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for number in range(5):
            time.sleep(0.2)
            file = tmp_path / f"{number}.tar.gz"
            made = back_up(Home(root), file, ignore)
            back = open_home(tmp_path / f"back-{number}")
            restore(file, back, ignore, replace=False)
            lines = Tail(RunFiles(back.run(RUN_ID)).agent_journal).read()
            assert [line["market_time_ns"] for line in lines] == list(range(len(lines)))
            assert made.heads["paper"].index > len(lines), "what the journal tells is booked"
            assert versions(back.gates)
        process.kill()


def test_a_ledger_that_is_there_is_replaced_only_when_told_and_then_moved_aside(tmp_path: Path) -> None:
    home, file = make_home(tmp_path / "home", 20), tmp_path / "copy"
    made = back_up(home, file, ignore)
    writer = Writer(home.root, "20260102T000000Z-bbbb")
    writer.step()
    writer.close()
    later = heads_of(home.ledger)
    with pytest.raises(Refused, match=r"it has ledger.sqlite and gates.sqlite"):
        restore(file, home, ignore, replace=False)
    assert heads_of(home.ledger) == later
    restore(file, home, ignore, replace=True)
    assert heads_of(home.ledger) == made.heads
    assert [path.name for path in home.runs.iterdir()] == [RUN_ID]
    (aside,) = home.root.glob("replaced-*")
    assert heads_of(aside / "ledger.sqlite") == later
    assert sorted(path.name for path in (aside / "runs").iterdir()) == [RUN_ID, "20260102T000000Z-bbbb"]


def test_nothing_is_restored_under_a_running_system(tmp_path: Path) -> None:
    file = tmp_path / "copy"
    back_up(make_home(tmp_path / "home", 5), file, ignore)
    back = open_home(tmp_path / "back")
    with HomeLock.take(back, "dolphin up", "r1"), pytest.raises(Refused, match="dolphin up runs in it"):
        restore(file, back, ignore, replace=True)
    assert not back.ledger.exists()


def damaged(file: Path) -> dict[str, bytes]:
    """Files that a backup could have become."""
    whole = file.read_bytes()
    middle = bytearray(whole)
    middle[len(whole) // 2] ^= 1
    foreign = io.BytesIO()
    with tarfile.open(fileobj=foreign, mode="w:gz") as tar:
        info = tarfile.TarInfo("../ledger.sqlite")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    linked = io.BytesIO()
    with tarfile.open(fileobj=linked, mode="w:gz") as tar:
        info = tarfile.TarInfo("runs/r/link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    return {
        "empty": b"",
        "text": b"no backup\n",
        "cut": whole[: len(whole) - 100],
        "halved": whole[: len(whole) // 2],
        "flipped": bytes(middle),
        "outside": foreign.getvalue(),
        "linked": linked.getvalue(),
    }


def test_a_damaged_or_foreign_file_changes_nothing(tmp_path: Path) -> None:
    home, file = make_home(tmp_path / "home", 20), tmp_path / "copy"
    back_up(home, file, ignore)
    before = heads_of(home.ledger)
    for name, content in damaged(file).items():
        bad = tmp_path / name
        bad.write_bytes(content)
        with pytest.raises((BadInput, DolphinError)) as caught:
            restore(bad, home, ignore, replace=True)
        assert caught.value.remedy, name
        assert heads_of(home.ledger) == before
        assert not list(home.root.glob("replaced-*")), name
        assert not list(home.root.glob(".restore-*")), name
        assert not home.restoring.exists()


def test_a_backup_whose_ledger_is_another_one_is_refused(tmp_path: Path) -> None:
    """Whole by its own manifest, but for the heads."""
    file, forged = tmp_path / "copy", tmp_path / "forged"
    back_up(make_home(tmp_path / "home", 5), file, ignore)
    with tarfile.open(file) as source, tarfile.open(forged, "w:gz") as target:
        for info in source:
            content = source.extractfile(info)
            assert content is not None
            text = content.read()
            if info.name == "manifest.json":
                manifest = json.loads(text)
                manifest["heads"]["paper"]["index"] += 1
                text = json.dumps(manifest).encode()
                info.size = len(text)
            target.addfile(info, io.BytesIO(text))
    with pytest.raises(DolphinError, match="not the one that was copied"):
        restore(forged, open_home(tmp_path / "back"), ignore, replace=False)


def test_a_restore_that_was_killed_half_way_keeps_the_home_shut_until_it_has_been_run_again(tmp_path: Path) -> None:
    home, file = make_home(tmp_path / "home", 20), tmp_path / "copy"
    made = back_up(home, file, ignore)
    script = f"""
import os, signal
from pathlib import Path
from dolphin.host.home import open_home
from dolphin.upkeep import restore
rename, moved = Path.rename, []
def stop(path, target):
    moved.append(path)
    if len(moved) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = stop
restore.restore(Path({str(file)!r}), open_home(Path({str(home.root)!r})), lambda name: None, replace=True)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(BadInput, match="did not come to its end"):
        HomeLock.take(home, "dolphin up", "r1")
    restore(file, home, ignore, replace=False)
    assert heads_of(home.ledger) == made.heads
    HomeLock.take(home, "dolphin up", "r1").release()


def test_a_ledger_that_does_not_verify_is_not_copied_for_good(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", 20)
    content = home.ledger.read_bytes()
    home.ledger.write_bytes(content.replace(b"STALKER", b"STAKLER", 1))
    with pytest.raises(DolphinError):
        back_up(home, tmp_path / "copy", ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["home"], "nothing half done stays"


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    home, file = make_home(tmp_path / "home", 5), tmp_path / "copy"
    file.write_text("mine")
    with pytest.raises(BadInput, match="there is such a file"):
        back_up(home, file, ignore)
    assert file.read_text() == "mine"
    with pytest.raises(BadInput, match="no ledger"):
        back_up(open_home(tmp_path / "empty"), tmp_path / "other", ignore)
    with pytest.raises(BadInput, match="cannot be written"):
        back_up(home, tmp_path / "no" / "such" / "folder", ignore)


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    home, file, back = make_home(tmp_path / "home", 5), tmp_path / "copy", tmp_path / "back"
    shutil.copytree(home.run(RUN_ID), home.run("20250101T000000Z-cccc"))
    for path in home.run("20250101T000000Z-cccc").iterdir():
        os.utime(path, (1, 1))

    def dolphin(*arguments: str) -> tuple[int, dict[str, object]]:
        command = [sys.executable, "-m", "dolphin", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout)

    status, told = dolphin("backup", str(file), "--home", str(home.root))
    assert (status, told["runs"]) == (0, ["20250101T000000Z-cccc", RUN_ID])
    status, told = dolphin("restore", str(file), "--home", str(back))
    assert (status, told["runs"]) == (0, ["20250101T000000Z-cccc", RUN_ID])
    status, told = dolphin("ledger", "verify", "--home", str(back))
    assert status == 0
    status, told = dolphin("restore", str(file), "--home", str(back))
    assert status == 3
    for dry in (["--dry-run"], []):
        status, told = dolphin("prune", "--older-than", "30d", "--home", str(home.root), *dry)
        assert (status, told["runs"], told["kept"]) == (0, ["20250101T000000Z-cccc"], 1)
        assert home.run("20250101T000000Z-cccc").exists() == bool(dry)
    status, told = dolphin("prune", "--older-than", "soon", "--home", str(home.root))
    assert status == 2
    status, told = dolphin("prune", "--home", str(tmp_path / "nowhere"))
    assert status == 2
    assert not (tmp_path / "nowhere").exists()
