"""The Coq side of `formal/coq`: its tools, its theories compiled (which checks every proof), and the oracle extracted from the model.

Coq and OCaml are Debian packages, not Python ones. `./dolphin test` installs them where it may; elsewhere what needs them is skipped, with
their names. Theories are compiled in the order of `_CoqProject`, one again only when it or one listed before it has changed.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dolphin.errors import DolphinError
from dolphin.host.home import REPOSITORY

COQ = REPOSITORY / "formal" / "coq"
PACKAGES = ("coq", "libcoq-stdlib", "ocaml-nox")
TOOLS = ("coqc", "ocamlopt")
REMEDY = f'Install them (on Debian "apt install {" ".join(PACKAGES)}").'
_BUILD = COQ / "build"
_SOURCES = ("binary.mli", "binary.ml", "exact.ml", "model.mli", "model.ml", "oracle.ml")


def missing_tools() -> tuple[str, ...]:
    """The tools that are not on the path."""
    return tuple(tool for tool in TOOLS if shutil.which(tool) is None)


def install_tools() -> None:
    """Installs missing tools with apt-get, where that exists and we are root; elsewhere, or where it fails, leaves them missing."""
    if not missing_tools() or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "--quiet"], ["install", "--yes", "--quiet", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def theories() -> tuple[Path, ...]:
    """Every theory, each after those it needs, relative to `formal/coq`."""
    lines = (COQ / "_CoqProject").read_text().splitlines()
    return tuple(Path(line) for line in lines if line.endswith(".v"))


def compile_theories(until: Path | None = None) -> str:
    """Compiles the theories in order, up to and with `until`; what Coq printed.

    Raises:
        DolphinError: a theory does not compile, that is, a proof does not hold; says where.
    """
    with _alone():
        return _compile_in_order(until)


def _compile_in_order(until: Path | None) -> str:
    printed: list[str] = []
    changed_ns = 0
    for theory in theories():
        changed_ns = max(changed_ns, (COQ / theory).stat().st_mtime_ns)
        compiled = (_BUILD / theory).with_suffix(".vo")
        log = compiled.with_suffix(".log")
        if not compiled.exists() or compiled.stat().st_mtime_ns < changed_ns or not log.exists():
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(_compile(theory, compiled))
            changed_ns = compiled.stat().st_mtime_ns
        printed.append(log.read_text())
        if theory == until:
            break
    return "".join(printed)


def build_oracle() -> Path:
    """The oracle program, extracted from the model and compiled.

    Raises:
        DolphinError: it does not compile; says why.
    """
    with _alone():
        return _build_oracle()


def _build_oracle() -> Path:
    extraction = Path("oracle/Extract.v")
    _compile_in_order(extraction)
    folder = _BUILD / "oracle"
    program = folder / "oracle"
    written = [COQ / "oracle" / name for name in ("exact.ml", "oracle.ml")]
    newest_ns = max(source.stat().st_mtime_ns for source in (*written, (_BUILD / extraction).with_suffix(".vo")))
    if program.exists() and program.stat().st_mtime_ns > newest_ns:
        return program
    for source in written:
        shutil.copyfile(source, folder / source.name)
    # without inlining: the tables are long chains of one-line calls, on which the optimiser spends a minute
    _run(["ocamlopt", "-inline", "0", "-o", program.name, *_SOURCES], folder)
    return program


@contextmanager
def _alone() -> Iterator[None]:
    """While one process compiles, another one waits and then finds it done."""
    _BUILD.mkdir(parents=True, exist_ok=True)
    with (_BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compile(theory: Path, compiled: Path) -> str:
    maps = [word for part in ("model", "proofs") for word in ("-R", str(_BUILD / part), f"Dolphin.{part.title()}")]
    for part in ("model", "proofs"):
        (_BUILD / part).mkdir(parents=True, exist_ok=True)
    return _run(["coqc", "-q", *maps, "-o", str(compiled), str(COQ / theory)], compiled.parent)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise DolphinError(f"{command[0]} failed:\n{done.stdout.strip()}", remedy="The place is named above; formal/coq has the sources.")
    return done.stdout
