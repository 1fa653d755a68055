"""Which Java there is, and whether it will do: said in one line before anything needs it."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dolphin.errors import BadInput

MINIMUM_JAVA: Final = 17
_RELEASE: Final = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)
_SAID: Final = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True, slots=True)
class Jdk:
    """A Java installation that has a compiler."""

    java: Path
    version: int


def find_java() -> Path:
    """The `java` of `JAVA_HOME`, or the one on the path: `MINIMUM_JAVA` or newer.

    Raises:
        BadInput: there is none, it does not run, or it is too old; says what was found and what is needed.
    """
    return _found()[0]


def find_jdk() -> Jdk:
    """The same with a compiler beside it.

    Raises:
        BadInput: as `find_java`, or it is a runtime without a compiler.
    """
    java, version = _found()
    if not java.resolve().with_name("javac").exists():
        raise _unfit(java, f"this is a Java {version} runtime without a compiler")
    return Jdk(java, version)


def _found() -> tuple[Path, int]:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found is None:
        what = "no java found: JAVA_HOME has no bin/java" if home else "no java found: JAVA_HOME is not set, and there is none on the path"
        raise BadInput(what, field="JAVA_HOME", value=home, remedy=_remedy())
    java = Path(found)
    version = _version(java)
    if version < MINIMUM_JAVA:
        raise _unfit(java, f"Java {version} is too old: {MINIMUM_JAVA} or newer is needed")
    return java, version


def _version(java: Path) -> int:
    """From the file `release` of the installation, which costs nothing; a Java without one is asked itself."""
    with suppress(OSError):
        if match := _RELEASE.search((java.resolve().parents[1] / "release").read_text(errors="replace")):
            return int(match[1])
    try:
        said = subprocess.run([str(java), "-version"], capture_output=True, text=True, errors="replace", check=False).stderr
    except OSError as error:
        raise _unfit(java, f"this java does not run ({error.strerror})") from error
    match = _SAID.search(said)
    if match is None:
        raise _unfit(java, f"this java does not say its version, but: {(said.strip().splitlines() or ['nothing'])[0]}")
    return int(match[1])


def _unfit(java: Path, what: str) -> BadInput:
    return BadInput(what, field="java", value=str(java), remedy=_remedy())


def _remedy() -> str:
    return f'Install a JDK {MINIMUM_JAVA} or newer (for example "apt install openjdk-17-jdk-headless"), or set JAVA_HOME to one.'
