"""`./dolphin` on a machine that lacks what it needs says what to install, and does nothing else."""

import glob
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHONS_OUTSIDE_THE_PATH = glob.glob("/usr/local/bin/python3.1[23]") + glob.glob("/opt/*/bin/python3.1[23]")


@pytest.mark.skipif(bool(PYTHONS_OUTSIDE_THE_PATH), reason="this machine has a Python in a place that is always looked at")
def test_without_a_python_the_remedy_is_one_line(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "dolphin", tmp_path / "dolphin")
    shutil.copy(REPOSITORY / "requirements.lock", tmp_path / "requirements.lock")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname", "sha256sum", "cut", "cat", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    environment = {"PATH": str(tools), "HOME": str(tmp_path)}
    done = subprocess.run([str(tmp_path / "dolphin"), "demo"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.12 or 3.13" in done.stderr
    assert not (tmp_path / ".venv").exists()
