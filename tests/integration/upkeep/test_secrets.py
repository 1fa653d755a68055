"""A password in an address is refused before anything is written or started, and nobody gets to see it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dolphin.errors import BadInput
from dolphin.host.member import Gates

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

ADDRESSES = json.loads((Path(__file__).resolve().parents[2] / "contract" / "addresses.json").read_text())["refused"]
PASSWORD = "hunter2"
FORMS = [
    f"postgresql://u:{PASSWORD}@h/gates",
    f"jdbc:postgresql://u:{PASSWORD}@h/gates",
    f"jdbc:postgresql://h/gates?user=u&password={PASSWORD}",
    f"jdbc:postgresql://h/gates?p%61ssword={PASSWORD}",
    f"host=h user=u password={PASSWORD} dbname=gates",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_member_gets_such_an_address_on_its_command_line(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        Gates(address)
    assert address not in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_up_refuses_it_leaves_nothing_behind_and_shows_nothing(tmp_path: Path, form: str) -> None:
    config, home = tmp_path / "live.toml", tmp_path / "home"
    config.write_text(f"[gates]\nurl = {json.dumps(form)}\n")
    command = [sys.executable, "-m", "dolphin", "up", "--feed", "live", "--config", str(config), "--home", str(home), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        seen: set[str] = set()
        while process.poll() is None:  # every command line there is, all the while
            seen |= command_lines()
            time.sleep(0.02)
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.read() + process.stderr.read()
    assert process.returncode == 2
    assert json.loads(said.splitlines()[0])["error"]["field"] == "gates.url"
    assert PASSWORD not in said
    assert not [line for line in seen if PASSWORD in line and "pytest" not in line]
    assert not home.exists(), "nothing is written"


def command_lines() -> set[str]:
    found: set[str] = set()
    for number in os.listdir("/proc"):
        if number.isdigit():
            try:
                found.add(Path(f"/proc/{number}/cmdline").read_text())
            except OSError:
                continue
    return found
