"""The Java rig as a child process that is spoken to over its standard input and output (`java/bench/Rig.java` has the commands).

Three of them run side by side for the length of a benchmark, each idle while another is measured. The stock one gets a home directory of
its own, because its start script leaves a lock file there, and a `python3` in front of the path, because that is the interpreter it
takes.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from dolphin.errors import BadInput, DolphinError
from dolphin.host.child import die_with_parent
from dolphin.host.home import REPOSITORY
from dolphin.host.java import find_java
from dolphin.host.member import JAR, JVM_FLAGS, ONE_MEMBER

HERE: Final = Path(__file__).resolve().parent
ARROW_FUNCTIONS: Final = "bench.stage_rig.arrow_functions"
ANSWER_TIMEOUT_S: Final = 180.0
_STOP_TIMEOUT_S: Final = 30.0

_COMMON_SOURCES: Final = ("Rig", "Subject", "Traffic")
_JET_SOURCES: Final = ("JetPath", "TrafficSource", "TrafficSink")
_STOCK_LIBRARIES: Final = HERE / "target" / "stock"


class Rig:
    """One running rig; a context manager that ends it."""

    def __init__(self, name: str, command: list[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        """Starts it and waits until it takes commands. `log` gets what it prints on standard error."""
        self.name = name
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._answer()

    def start(self, payload: Path, function: str | None) -> float:
        """Starts the path, with a stage unless `function` is None; seconds until the first message came out of it.

        For the stock stage `NAME@N` bounds its batches to N messages.
        """
        return self._ask("start", function or "none", payload) / 1e9

    def paced(self, payload: Path, count: int, gap_ns: int) -> list[int]:
        """Latencies in nanoseconds of `count` messages, from their intended times, `gap_ns` apart."""
        return self._ask("paced", payload, count, gap_ns)

    def flood(self, payload: Path, seconds: float) -> float:
        """Messages per second when it gets as many as it takes; the last thing to ask before `stop`."""
        return self._ask("flood", payload, round(seconds * 1e9))

    def stop(self) -> None:
        """Ends the path; the rig stays."""
        self._ask("stop")

    def _ask(self, *command: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(str(word) for word in command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        overdue = threading.Timer(ANSWER_TIMEOUT_S, self._process.kill)
        overdue.start()
        try:
            line = self._process.stdout.readline()
        finally:
            overdue.cancel()
        if not line:
            said = self._log.read_text(errors="replace").strip().splitlines()
            cause = next((text for text in reversed(said) if "Exception" in text), said[-1] if said else "it said nothing")
            raise DolphinError(f"the {self.name} rig ended: {cause.strip()}", remedy="The benchmark cannot be run here as it is.")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def our_rig(work: Path) -> Rig:
    """A 5.7.0 member as the project configures it, with our stage."""
    class_path = f"{JAR}:{JAR.parent / 'lib'}/*"
    classes = _compile(work / "ours", (*_COMMON_SOURCES, *_JET_SOURCES, "ArrowStage"), class_path)
    properties = [
        "-Ddolphin.port=0",
        "-Ddolphin.cluster=bench-ours",
        f"-Ddolphin.python={sys.executable}",
        f"-Ddolphin.pythonpath={REPOSITORY}:{REPOSITORY / 'src'}",
    ]
    command = [
        str(find_java()),
        *JVM_FLAGS,
        *properties,
        "-cp",
        f"{classes}:{class_path}",
        "bench.ArrowStage",
        str(ONE_MEMBER),
        ARROW_FUNCTIONS,
    ]
    return Rig("ours", command, work / "ours.log")


def stock_rig(work: Path) -> Rig:
    """A 5.6.0 member with Hazelcast's own defaults and `mapUsingPython`."""
    class_path = f"{_fetch_stock()}/*"
    classes = _compile(work / "stock", (*_COMMON_SOURCES, *_JET_SOURCES, "StockStage"), class_path)
    command = [str(find_java()), *JVM_FLAGS, "-cp", f"{classes}:{class_path}", "bench.StockStage", str(HERE / "line_functions.py")]
    return Rig("stock", command, work / "stock.log", _stock_environment(work))


def floor_rig(work: Path) -> Rig:
    """A Unix-domain socket to a Python process, and nothing else."""
    classes = _compile(work / "floor", (*_COMMON_SOURCES, "BareEcho"), "")
    command = [str(find_java()), *JVM_FLAGS, "-cp", str(classes), "bench.BareEcho", sys.executable, str(HERE / "echo.py")]
    return Rig("floor", command, work / "floor.log")


def _compile(classes: Path, names: tuple[str, ...], class_path: str) -> Path:
    sources = [str(HERE / "java" / "bench" / f"{name}.java") for name in names]
    compiler = find_java().with_name("javac")
    done = subprocess.run([compiler, "-d", classes, "-cp", class_path or ".", *sources], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DolphinError(f"the benchmark's Java part does not compile: {done.stderr.strip()}", remedy="Mend it under bench/stage_rig.")
    return classes


def _fetch_stock() -> Path:
    """The jars of the stock stage, from Maven Central the first time."""
    if any(_STOCK_LIBRARIES.glob("hazelcast-jet-python-*.jar")):
        return _STOCK_LIBRARIES
    maven = shutil.which("mvn")
    if maven is None:
        raise BadInput("no mvn found", field="PATH", value="mvn", remedy='Install Maven 3.8 or newer (for example "apt install maven").')
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", f"-DoutputDirectory={_STOCK_LIBRARIES}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DolphinError(
            f"the stock stage cannot be fetched: {done.stdout.strip()[-300:]}", remedy="The comparison needs Maven Central once."
        )
    return _STOCK_LIBRARIES


def _stock_environment(work: Path) -> dict[str, str]:
    home = Path.home()
    (work / "home").mkdir()
    interpreter = work / "bin" / "python3"
    interpreter.parent.mkdir()
    interpreter.symlink_to(Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}"))
    return {
        "HOME": str(work / "home"),
        "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(home / ".config")),  # pip's settings
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(home / ".cache")),  # pip's downloads
        "PATH": f"{interpreter.parent}:{os.environ['PATH']}",
    }
