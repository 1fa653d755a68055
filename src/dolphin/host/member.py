"""A Hazelcast member as a child process that cannot outlive us.

The JVM's command line is built here and nowhere else. A member prints one JSON line when it is up; what it prints before that, if it
ends instead, is the error.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypedDict, Unpack

from dolphin.core.contract import names
from dolphin.core.upkeep.passwords import HIDDEN, REMEDY, carries_password
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host.child import Child
from dolphin.host.home import REPOSITORY
from dolphin.host.home_lock import locked
from dolphin.host.java import find_java
from dolphin.host.time_slice import give_usual_slices

MAIN_CLASS: Final = "dolphin.jet.member.MemberMain"
CONFIGS: Final = REPOSITORY / "cluster-config"
ONE_MEMBER: Final = CONFIGS / "one-member.yaml"
FOR_MEMBERS: Final = ("one-member", "three-members", "production")
"""The configurations in `CONFIGS` that a member starts from; its other files are parts of these."""
LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 5701
"""Of a member that others are to find; it is Hazelcast's own."""
JAR: Final = REPOSITORY / "jet" / "target" / "dolphin-jet.jar"

START_TIMEOUT_S: Final = 120.0
STOP_GRACE_S: Final = 10.0
LEAVE_S: Final = 40.0
"""Longest wait for one of several members to hand its partitions over (`hazelcast.graceful.shutdown.max.wait` and some)."""
_POLL_S: Final = 0.02
_ERROR_PREFIX: Final = "dolphin member: "
_BACKGROUND_THREADS: Final = ("C1 Compiler", "C2 Compiler", "ZWorker", "dolphin-gate-wa")
"""How the names of threads begin that work for milliseconds at a time while nobody waits for them: compilers, collector, gate watch."""

JVM_FLAGS: Final = (
    "-Xms128m",
    "-Xmx768m",
    # Pauses of microseconds; G1's are of 3 to 16 ms here (docs/decisions/0004-where-the-milliseconds-go.md). Generational from Java 23 on.
    "-XX:+UseZGC",
    # A collection takes half a core for 60 to 100 ms: when the heap needs one, not every ten seconds because it would do no harm.
    "-XX:-ZProactive",
    "-XX:+ExitOnOutOfMemoryError",
    # Above so many calls under way Hazelcast takes a member to be busy, and hands every answer to another thread to be written. Its default
    # is 10, and every idle source of a job has a long poll under way on each partition. Contention for a socket it notices all the same.
    "-Dhazelcast.concurrent.invocations.max=10000",
    # On two processors the common pool has one thread, and Hazelcast then starts a new thread for every asynchronous callback.
    "-Djava.util.concurrent.ForkJoinPool.common.parallelism=2",
    # What Hazelcast asks for on Java 9 and later.
    "--add-modules=java.se",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.management/sun.management=ALL-UNNAMED",
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
)


@dataclass(frozen=True, slots=True)
class Gates:
    """Where a member keeps its gates (docs/gates.md). The password never passes here: the member reads it from its environment."""

    url: str
    """`jdbc:sqlite:FILE` (one member) or `jdbc:postgresql://HOST/DATABASE`."""
    user: str = ""

    def __post_init__(self) -> None:
        """BadInput where a password was written into one of them; it is not shown."""
        if carries_password(self.url) or carries_password(self.user):
            raise BadInput("a password does not belong here", field="gates", value=HIDDEN, remedy=REMEDY)

    @classmethod
    def in_file(cls, path: Path) -> Self:
        return cls(f"jdbc:sqlite:{path.absolute()}")

    @classmethod
    def beside(cls, log: Path) -> Self:
        return cls.in_file(log.with_name("gates.sqlite"))

    def lock(self) -> int | None:
        """The descriptor of a lock that the member holds as long as it lives: a file is one member's. None for a database that many share.

        Raises:
            Refused: another member keeps its gates there.
        """
        file = self.url.removeprefix("jdbc:sqlite:")
        if file == self.url:
            return None
        try:
            return locked(Path(f"{file}.lock"))
        except BlockingIOError:
            remedy = "End that member (dolphin down, or Ctrl-C where dolphin member runs), or name another --home."
            raise Refused("another member keeps its gates there", field="gates", value=file, remedy=remedy) from None
        except OSError:
            return None  # no place for a file: the member finds out, and says more

    def properties(self) -> list[str]:
        """For the member's command line."""
        return [f"-Ddolphin.gates.url={self.url}", f"-Ddolphin.gates.user={self.user}"]


class MemberTerms(TypedDict, total=False):
    """How a member is started; what is left out has its default."""

    jar: Path
    """The project's jar; its libraries are in `lib/` beside it."""
    port: int
    """To listen on; 0, the default, takes a free one."""
    cluster_name: str
    config: Path
    """One of `FOR_MEMBERS`, or a file like them; `ONE_MEMBER` by default."""
    interface: str
    """The address to bind to, where `config` asks for one."""
    join: Sequence[str]
    """HOST or HOST:PORT of the cluster's members, where `config` asks for them; by default this one alone."""
    java: Path | None
    """The `java` to run; by default that of `JAVA_HOME`, or the one on the path."""
    python_path: Sequence[Path]
    """Where its Python stages find their functions."""
    gates: Gates | None
    """Where its gates are kept; by default in `gates.sqlite` beside the log."""
    jvm_flags: Sequence[str]
    """Added to the usual ones, and so win over them."""


class MemberProcess:
    """One running member; a context manager that stops it."""

    def __init__(self, child: Child, address: str, cluster_name: str) -> None:
        self.address = address
        """"127.0.0.1:port"."""
        self.cluster_name = cluster_name
        self._child = child

    @classmethod
    def start(cls, *, log: Path, **terms: Unpack[MemberTerms]) -> "MemberProcess":
        """Starts a member and returns when it is up; raises as `StartingMember.launch` and `poll`."""
        starting = StartingMember.launch(log=log, **terms)
        try:
            while (member := starting.poll()) is None:
                time.sleep(_POLL_S)
        except BaseException:
            starting.child.stop()
            raise
        return member

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def log(self) -> Path:
        return self._child.log

    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._child.exit_status()

    def tend_log(self) -> None:
        """Closes a segment of its log when it is time to; call it now and then."""
        self._child.tend_log()

    def ask_to_end(self) -> None:
        """Asks it to shut down, and waits for nothing."""
        self._child.ask_to_end()

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Lets it shut down cleanly; kills it if that takes longer than `grace_s`."""
        self._child.stop(grace_s)

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        self._child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class StartingMember:
    """A member on its way up."""

    def __init__(self, child: Child, log_size: int, port: int, cluster_name: str) -> None:
        """For `launch`; `log_size` is how long the log was before."""
        self.child = child
        self._log_size = log_size
        self._port = port
        self._cluster_name = cluster_name
        self._deadline = time.monotonic() + START_TIMEOUT_S

    @classmethod
    def launch(cls, *, log: Path, **terms: Unpack[MemberTerms]) -> Self:
        """Starts a member whose output is appended to `log`.

        Raises:
            BadInput: no Java or one too old, or no jar.
            Refused: another member keeps its gates in this file.
        """
        jar, port, config = terms.get("jar", JAR), terms.get("port", 0), terms.get("config", ONE_MEMBER)
        if not jar.exists():
            raise BadInput("the jar is missing", field="jar", value=str(jar), remedy="Build it: mvn -pl jet package")
        gates, interface = terms.get("gates") or Gates.beside(log), terms.get("interface", LOOPBACK)
        cluster_name = terms.get("cluster_name", names.DEFAULT_CLUSTER)
        python_path = terms.get("python_path", (REPOSITORY, REPOSITORY / "src"))
        members = ",".join(terms.get("join", ())) or f"{interface}:{port}"
        command = [str(terms.get("java") or find_java()), *JVM_FLAGS, *_properties(port, cluster_name, python_path)]
        command += [f"-Ddolphin.interface={interface}", f"-Ddolphin.members={members}"]
        command += [f"-Ddolphin.config={config.parent.absolute()}", *gates.properties(), *terms.get("jvm_flags", ())]
        command += ["-cp", class_path(jar), MAIN_CLASS, str(config)]
        log_size = log.stat().st_size if log.exists() else 0
        return cls(_start_locked(command, log, gates), log_size, port, cluster_name)

    def poll(self) -> MemberProcess | None:
        """The member if it is up by now.

        Raises:
            BadInput: the port is in use, the configuration is bad, the gates cannot be kept there.
            DolphinError: it ended otherwise, or is not up after `START_TIMEOUT_S`.
        """
        has_ended = self.child.exit_status() is not None  # before reading, so that its last words are in what is read
        lines = _lines_since(self.child.log, self._log_size)
        for line in lines:
            if line.startswith('{"ready":true'):
                _let_background_wait(self.child.pid)
                return MemberProcess(self.child, json.loads(line)["address"], self._cluster_name)
        if has_ended:
            raise _failure(lines, self.child.log, self._port)
        if time.monotonic() > self._deadline:
            raise DolphinError(f"the member was not up after {START_TIMEOUT_S:.0f} s", remedy=f"Its log is {self.child.log}.")
        return None


def class_path(jar: Path = JAR) -> str:
    """The project's jar and its libraries."""
    return f"{jar}:{jar.parent / 'lib'}/*"


def find_config(name: str) -> Path:
    """The configuration that is meant: one of `FOR_MEMBERS`, with or without `.yaml`, or a file.

    Raises:
        BadInput: there is none of this name.
    """
    path = Path(name)
    if path.stem in FOR_MEMBERS and path in (Path(path.stem), Path(f"{path.stem}.yaml")):
        return CONFIGS / f"{path.stem}.yaml"
    if not path.is_file():
        remedy = f"Give a file, or one of: {', '.join(FOR_MEMBERS)}."
        raise BadInput("no such configuration of a member", field="CONFIG", value=name, remedy=remedy)
    return path


def _start_locked(command: list[str], log: Path, gates: Gates) -> Child:
    """The member's process; where its gates are a file, that is locked until it ends, however it ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    lock = gates.lock()
    try:
        return Child("member", command, log, keeps=() if lock is None else (lock,))
    finally:
        if lock is not None:
            os.close(lock)


def _properties(port: int, cluster_name: str, python_path: Sequence[Path]) -> list[str]:
    return [
        f"-Ddolphin.port={port}",
        f"-Ddolphin.cluster={cluster_name}",
        f"-Ddolphin.python={sys.executable}",
        f"-Ddolphin.pythonpath={':'.join(str(path) for path in python_path)}",
        f"-Djava.io.tmpdir={tempfile.gettempdir()}",
    ]


def _let_background_wait(pid: int) -> None:
    """Gives the member's background threads longer slices than those they interrupt; without effect where there is no /proc."""
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it has ended meanwhile
            if (task / "comm").read_text().startswith(_BACKGROUND_THREADS):
                give_usual_slices(int(task.name))


def _lines_since(log: Path, start: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace").splitlines()


def _failure(lines: list[str], log: Path, port: int) -> DolphinError:
    """What a member that ended before it was up said, as an error."""
    said = next((line.removeprefix(_ERROR_PREFIX) for line in lines if line.startswith(_ERROR_PREFIX)), None)
    if said is None:
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return DolphinError(f"the member did not start: {last}", remedy=f"Its log is {log}.")
    if "in use" in said:
        what, _, remedy = said.partition(". ")
        return BadInput(what, field="port", value=port, remedy=f"{remedy}.")
    return BadInput(said, remedy=f"The member's log is {log}.")
