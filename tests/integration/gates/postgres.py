"""A PostgreSQL 15 of the tests' own: in a temporary folder, on a free port of loopback, as an unprivileged user."""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from dolphin.host.member import Gates

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
USER = "keeper"
PASSWORD = "a secret of the tests"
_LIMIT_S = 60


class Postgres:
    """A running server; `fail` ends it as a crash would, `go_on` starts it again on the same data."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @staticmethod
    def is_installed() -> bool:
        return (PROGRAMS / "initdb").exists()

    @classmethod
    def start(cls) -> Self:
        folder = Path(tempfile.mkdtemp(prefix="dolphin-pg"))
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, "nobody")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            server = cls(folder, probe.getsockname()[1])
        server._run("initdb", "-U", USER, "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync")
        server.go_on()
        return server

    @property
    def gates(self) -> Gates:
        return Gates(f"jdbc:postgresql://127.0.0.1:{self.port}/postgres", USER)

    def go_on(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def fail(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def query(self, sql: str) -> list[str]:
        """The rows, each as text with `|` between its columns."""
        command = [str(PROGRAMS / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-At", "-c", sql, "postgres"]
        done = subprocess.run(command, env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def close(self) -> None:
        with suppress(subprocess.CalledProcessError):  # a test may have ended it
            self.fail()
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        unprivileged = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        command = [*unprivileged, str(PROGRAMS / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_LIMIT_S, check=True)
