"""Members that can be killed and started again, one or three, and what their gates are kept in."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from dolphin.host.member import ONE_MEMBER, Gates, MemberProcess

CLUSTER_CONFIG = ONE_MEMBER.parent
CLUSTER = "gates"


def patient_configs(folder: Path) -> None:
    """The configurations, for a slow machine, which must not look like a dead one; a killed process shows by its broken connections."""
    for file in CLUSTER_CONFIG.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text().replace("max.no.heartbeat.seconds: 5", "max.no.heartbeat.seconds: 60"))


class OneMember:
    """`one-member.yaml` and an SQLite file."""

    def __init__(self, jar: Path, folder: Path) -> None:
        self._jar, self._folder = jar, folder
        self.members: list[MemberProcess] = []

    def start(self) -> None:
        log = self._folder / "member.log"
        self.members = [
            MemberProcess.start(jar=self._jar, log=log, cluster_name=CLUSTER, gates=Gates.in_file(self._folder / "gates.sqlite"))
        ]

    def kill(self) -> None:
        for member in self.members:
            member.kill()

    close = kill


class ThreeMembers:
    """`three-members.yaml` and a PostgreSQL; all on loopback, told apart by their ports."""

    def __init__(self, jar: Path, folder: Path, gates: Gates) -> None:
        self._jar, self._folder, self._gates = jar, folder, gates
        with ExitStack() as probes:
            self._ports = [probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
        self._pool = ThreadPoolExecutor(3)  # a member dies with the thread that started it
        self.members: list[MemberProcess] = []

    def start(self) -> None:
        self.members = list(self._pool.map(self._start, range(3)))

    def kill(self) -> None:
        for member in self.members:
            member.kill()

    def start_again(self, number: int) -> None:
        self.members[number] = self._pool.submit(self._start, number).result()

    def close(self) -> None:
        self.kill()
        self._pool.shutdown()

    def log(self, number: int) -> Path:
        return self._folder / f"member{number}.log"

    def _start(self, number: int) -> MemberProcess:
        port = self._ports[number]
        config = self._folder / f"config{number}"
        config.mkdir(exist_ok=True)
        patient_configs(config)
        return MemberProcess.start(
            jar=self._jar,
            log=self.log(number),
            port=port,
            cluster_name=CLUSTER,
            config=config / "three-members.yaml",
            join=[f"127.0.0.1:{port}" for port in self._ports],
            gates=self._gates,
            jvm_flags=("-Xmx300m",),
        )
