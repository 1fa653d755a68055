"""What is built once, and again only when its sources change: the jar of `jet/` and the compiled kernels of the feature stage.

A fingerprint of the sources is kept beside what was built from them.
"""

import hashlib
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console

from dolphin.core.signals import compiling
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import REPOSITORY
from dolphin.host.java import find_jdk

_JET = REPOSITORY / "jet"


def ensure_jar(console: Console) -> Path:
    """The jar of `jet/`, built when its sources differ from those it was built from; its libraries are in `lib/` beside it.

    Raises:
        BadInput: no JDK or no Maven.
        DolphinError: the build failed; says where the log is.
    """
    jar = _JET / "target" / "dolphin-jet.jar"
    stamp = _JET / "target" / "built-from"
    wanted = jar_fingerprint(REPOSITORY)
    if jar.exists() and stamp.exists() and stamp.read_text() == wanted:
        return jar
    find_jdk()
    maven = shutil.which("mvn")
    if maven is None:
        raise BadInput("no mvn found", field="PATH", value="mvn", remedy='Install Maven 3.8 or newer (for example "apt install maven").')
    log = _JET / "target" / "build.log"
    log.parent.mkdir(exist_ok=True)
    shutil.rmtree(_JET / "target" / "lib", ignore_errors=True)  # a library that has left the pom leaves the class path
    with _saying(console, "Building the Java side (first run only) ..."), log.open("w") as out:
        done = subprocess.run(
            [maven, "-B", "-pl", "jet", "-Dmaven.test.skip=true", "package"],
            cwd=REPOSITORY,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        first = next((line for line in log.read_text().splitlines() if line.startswith("[ERROR]")), "no error line")
        raise DolphinError(f"the Java side does not build: {first}", remedy=f"The whole log is {log}.")
    stamp.write_text(wanted)
    return jar


def warm_kernels(console: Console) -> None:
    """Compiles the numba kernels into their cache, so that a stage that uses them starts at once.

    Raises:
        DolphinError: they do not compile; says why.
    """
    done_before = compiling.FOLDER / "complete"
    if done_before.exists():
        return
    with _saying(console, "Compiling the feature kernels (first run only) ..."):
        warm = "from python_udfs.features import Features; Features()"
        done = subprocess.run([sys.executable, "-c", warm], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no error line"])[-1]
        raise DolphinError(f"the feature kernels do not compile: {last}", remedy="Remove .venv and try again.")
    done_before.touch()
    for other in compiling.KERNELS.iterdir():  # of sources that are gone
        if other != compiling.FOLDER:
            shutil.rmtree(other, ignore_errors=True)


def _saying(console: Console, what: str) -> AbstractContextManager[object]:
    """Says `what` takes a while, in a pipe too, where a spinner says nothing."""
    if console.is_terminal:
        return console.status(what)
    console.print(what)
    return nullcontext()


def jar_fingerprint(repository: Path) -> str:
    """A hash of everything that the jar is made from: sources, poms, Maven's settings, and the numbers of the control law."""
    single = ("pom.xml", "jet/pom.xml", "src/dolphin/core/law.toml")
    folders = (".mvn", "jet/src/main")
    sources = [repository / name for name in single]
    sources += sorted(path for folder in folders for path in (repository / folder).rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for source in sources:
        digest.update(str(source.relative_to(repository)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()
