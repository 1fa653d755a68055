"""`./dolphin` on a machine that lacks what it needs says what to install, and does nothing else; else it makes its environment, once.

The packages are made here and found in a folder, so nothing comes from a network. Where a test needs uv to work, the package of that name
hands over to this environment's own.
"""

import base64
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHONS_OUTSIDE_THE_PATH = glob.glob("/usr/local/bin/python3.1[23]") + glob.glob("/opt/*/bin/python3.1[23]")
THIS_UV = Path(sys.prefix, "bin", "uv")
INSTALLING = "Installing Python packages (first run only) ...\n"


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


@dataclass(frozen=True)
class Checkout:
    """As much of a checkout as its first run needs, with packages of our own; `dolphin` prints what `leaf` holds."""

    root: Path
    wheels: Path
    environment: dict[str, str]

    def start(self) -> subprocess.Popen[str]:
        command = [str(self.root / "dolphin"), "anything"]
        return subprocess.Popen(
            command, env=self.environment, cwd=self.root.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self) -> tuple[int, str, str]:
        process = self.start()
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def package(self, name: str) -> Path:
        """Where it is installed."""
        (found,) = (self.root / ".venv" / "lib").glob(f"python*/site-packages/{name}")
        return found


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[..., Checkout]:
    """Makes one: `uv` is the shell script that its package holds, `leaf_hash` what the lock says of the other package."""

    def make(uv: str, leaf_hash: str | None = None) -> Checkout:
        root, wheels = tmp_path / "checkout", tmp_path / "wheels"
        wheels.mkdir()
        lines = [
            _wheel(wheels, "leaf", {"leaf.py": "HELD = 'a leaf'\n"}),
            _wheel(wheels, "uv", {"uv-1.0.data/scripts/uv": f"#!/bin/sh\n{uv}\n"}),
        ]
        if leaf_hash is not None:
            lines[0] = f"leaf==1.0 \\\n    --hash=sha256:{leaf_hash}"
        for path in ("dolphin", "src/dolphin/host/uv_sync.py"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / path, root / path)
        (root / "requirements.lock").write_text("".join(f"{line}\n    # via nobody\n" for line in lines))
        (root / "src" / "dolphin" / "__main__.py").write_text("import leaf\nprint(leaf.HELD)\n")
        pip = tmp_path / "pip.conf"
        pip.write_text(f"[global]\nno-index = true\n[install]\nfind-links = {wheels}\n")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
        base = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
        environment = inherited | {"PIP_CONFIG_FILE": str(pip), "HOME": str(tmp_path), "DOLPHIN_BASE_PYTHON": str(base)}
        return Checkout(root, wheels, environment)

    return make


def _wheel(folder: Path, name: str, files: dict[str, str]) -> str:
    """Makes version 1.0 of a package; its lines in a lock file."""
    info = f"{name}-1.0.dist-info"
    files |= {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
    files |= {f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items()) + f"{info}/RECORD,,\n"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in (files | {f"{info}/RECORD": record}).items():
            entry = zipfile.ZipInfo(inside)
            entry.external_attr = (0o100755 if "/scripts/" in inside else 0o100644) << 16
            wheel.writestr(entry, text)
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


needs_uv = pytest.mark.skipif(not THIS_UV.exists(), reason="uv could not be installed on this machine")


@needs_uv
def test_uv_installs_from_where_pip_is_configured_to_and_later_runs_need_nothing(checkout: Callable[..., Checkout]) -> None:
    first = checkout(f'exec {THIS_UV} "$@"')
    assert first.run() == (0, "a leaf\n", INSTALLING)
    assert first.package("leaf-1.0.dist-info/INSTALLER").read_text() == "uv"
    assert list(first.package("__pycache__").glob("leaf.*.pyc")), "compiled"
    shutil.rmtree(first.wheels)
    assert first.run() == (0, "a leaf\n", "")


@pytest.mark.parametrize(
    ("uv", "why"), [("echo 'error: no such thing' >&2; exit 2", "error: no such thing"), ("exit 3", "it said nothing")]
)
def test_where_uv_is_broken_pip_installs(checkout: Callable[..., Checkout], uv: str, why: str) -> None:
    broken = checkout(uv)
    status, out, err = broken.run()
    assert (status, out) == (0, "a leaf\n")
    assert err == f"{INSTALLING}dolphin: uv did not install them ({why}); pip does, which takes longer.\n"
    assert broken.package("leaf-1.0.dist-info/INSTALLER").read_text().strip() == "pip"


@needs_uv
def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Callable[..., Checkout]) -> None:
    forged = checkout(f'exec {THIS_UV} "$@"', leaf_hash="0" * 64)
    status, out, err = forged.run()
    assert (status, out) == (1, "")
    assert "could not be installed" in err
    log = (forged.root / ".venv" / "install.log").read_text()
    assert "Hash mismatch" in log, "by uv"
    assert "DO NOT MATCH THE HASHES" in log, "and by pip"
    assert not (forged.root / ".venv" / "lock").exists()
    assert forged.run()[0] == 1, "not taken for done the next time"


@needs_uv
def test_of_two_first_runs_at_once_one_installs_and_both_go_on(checkout: Callable[..., Checkout]) -> None:
    both = checkout(f'exec {THIS_UV} "$@"')
    rivals = [both.start(), both.start()]
    ended = [(*rival.communicate(timeout=120), rival.returncode) for rival in rivals]
    assert sorted(ended) == [("a leaf\n", "", 0), ("a leaf\n", INSTALLING, 0)]
