"""`up --join`: feed and agent on three members with PostgreSQL that somebody else runs, and that stand when they are gone."""

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from foreground import Foreground, foreground, stand_in_exchange
from members import patient_configs
from postgres import USER, Postgres

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

BOUND_S = 180.0


def dolphin(*arguments: str) -> tuple[int, Any]:
    """Exit status and JSON answer of one command."""
    done = subprocess.run([sys.executable, "-m", "dolphin", *arguments, "--json"], capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, json.loads(done.stdout.strip().splitlines()[-1])


def start_members(stack: ExitStack, folder: Path, settings: Path) -> tuple[list[Foreground], str]:
    """Three members as an operator starts them, and their addresses. All on loopback, told apart by their ports."""
    with ExitStack() as probes:
        ports = [probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]
    addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
    patient_configs(folder)
    members = [
        stack.enter_context(
            foreground(
                *("member", str(folder / "three-members.yaml"), "--interface", "127.0.0.1", "--port", str(port), "--join", addresses),
                *("--heap", "300m", "--config", str(settings), "--home", str(folder / f"member{number}")),
            )
        )
        for number, port in enumerate(ports)
    ]
    for member in members:
        member.ready()
    return members, addresses


def await_decisions(home: Path) -> Any:
    """The status once something has been ranked on."""
    deadline, told = time.monotonic() + BOUND_S, None
    while time.monotonic() < deadline:
        _, told = dolphin("status", "--home", str(home))
        if told.get("rankings", 0) > 0:
            return told
        time.sleep(1.0)
    raise AssertionError(f"nothing was decided; the last status was {told}")


def job_ids(addresses: str, cluster: str) -> dict[str, str]:
    status, told = dolphin("job", "list", "--member", addresses, "--cluster-name", cluster)
    assert status == 0, told
    return {job["name"]: job["id"] for job in told["jobs"] if job["status"] == "running"}


def test_feed_and_agent_run_on_a_cluster_that_stands_and_leave_it_standing(tmp_path: Path, jar: Path, postgres: Postgres) -> None:
    home = tmp_path / "system"
    with ExitStack() as stack:
        live = stack.enter_context(stand_in_exchange(tmp_path))
        settings = tmp_path / "dolphin.toml"
        settings.write_text(f'{live}[member]\ncluster_name = "joined"\n[gates]\nurl = "{postgres.gates.url}"\nuser = "{USER}"\n')
        members, addresses = start_members(stack, tmp_path, settings)
        assert job_ids(addresses, "joined") == {}

        command = ("up", "--feed", "live", "--join", addresses, "--config", str(settings), "--home", str(home))
        status, up = dolphin(*command)
        assert status == 0, up
        assert (up["state"], up["is_joined"], up["member"]) == ("up", True, addresses)
        told = await_decisions(home)
        assert told["posture"] == "HIBERNATE", "nothing is warm yet"
        jobs = job_ids(addresses, "joined")
        assert set(jobs) == {"ars", "acb", "survival"}
        assert not list((home / "runs").glob("*/member.log")), "no member of its own"

        assert dolphin("down", "--home", str(home))[0] == 0
        assert not [line for process in psutil.process_iter(["cmdline"]) if str(home) in (line := " ".join(process.info["cmdline"] or ()))]
        assert job_ids(addresses, "joined") == jobs, "the cluster's jobs go on"

        first, *others = addresses.split(",")
        status, again = dolphin("up", "--feed", "live", "--join", ",".join([*others, first]), *command[5:])
        assert status == 0, again
        await_decisions(home)
        assert job_ids(addresses, "joined") == jobs, "what runs is not submitted again"
        assert dolphin("down", "--home", str(home))[0] == 0

        assert dolphin("job", "suspend", "acb", "--member", addresses, "--cluster-name", "joined")[0] == 0
        status, refused = dolphin(*command)
        assert status == 1, refused
        assert "acb" in refused["error"]["what"]
        assert "suspended" in refused["error"]["what"]

        assert [member.end()[0] for member in members] == [0, 0, 0]
