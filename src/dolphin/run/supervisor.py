"""The process behind `dolphin up`: it holds a system until it is told to stop.

It is started detached with a request file and the lock of the home, and answers in the supervisor file, which is also how `status` and
`down` find it: `{"pid", "state": "starting" | "up" | "failed", "what", "member", "cluster_name", "run_id", "market"}`.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, Literal, NoReturn

import msgspec

from dolphin.config import Config
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host.home import Home, open_home
from dolphin.host.home_lock import Holder, HomeLock
from dolphin.host.notify import Service
from dolphin.host.standing import Standing, is_supervisor, read_standing
from dolphin.run.launch import Show
from dolphin.run.system import Plan, System

COMMAND = "dolphin up"
_START_S = 120.0
_STOP_S = 30.0
_POLL_S = 0.1
_KINDS: Final[dict[int, type[DolphinError]]] = {kind.exit_code: kind for kind in (DolphinError, BadInput, Refused)}


@dataclass(frozen=True, slots=True)
class Request:
    """What a supervisor is to run."""

    run_id: str
    config: Config
    show: Show
    jar: Path | None
    """The member's; None where a cluster is joined."""
    join: tuple[str, ...] = ()
    """Members of a cluster that stands, HOST:PORT."""
    as_json: bool = False
    """How a supervisor in the foreground says that it is up."""


def start_detached(home: Home, lock: HomeLock, request: Request) -> Standing:
    """Starts a supervisor for `request`, hands it the `lock` of `home`, and waits until its system is up.

    Raises:
        DolphinError: it did not come up; nothing is left running.
    """
    _write(home, request)
    with (home.root / "run" / "supervisor.log").open("wb") as log:
        process = subprocess.Popen(
            _command(home, lock),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock.descriptor],
        )
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        standing = read_standing(home)
        if standing is not None and standing.state == "up":
            return standing
        time.sleep(_POLL_S)
    _end(process.pid)
    process.wait()
    standing = read_standing(home)
    why = standing.what if standing is not None else f"see {home.root / 'run' / 'supervisor.log'}"
    kind = _KINDS.get(process.returncode, DolphinError)
    raise kind(f"the system did not come up: {why}", remedy="Mend that and try again.")


def become(home: Home, lock: HomeLock, request: Request) -> NoReturn:
    """Turns this process into the supervisor for `request`, as a service manager and Ctrl-C want it: in the foreground, the same pid."""
    _write(home, request)
    os.set_inheritable(lock.descriptor, True)
    sys.stdout.flush()
    os.execv(sys.executable, _command(home, lock))


def _write(home: Home, request: Request) -> None:
    home.supervisor.unlink(missing_ok=True)
    (home.root / "run" / "request.json").write_bytes(msgspec.json.encode(request, enc_hook=str))


def _command(home: Home, lock: HomeLock) -> list[str]:
    return [sys.executable, "-m", "dolphin.run.supervisor", str(home.root), str(lock.descriptor)]


def stop(home: Home) -> Standing:
    """Stops the system of `home` and waits until it is gone.

    Raises:
        BadInput: none is up.
    """
    standing = read_standing(home)
    if standing is None or standing.state == "failed":
        raise BadInput("no system is up here", field="--home", value=str(home.root), remedy="Start one with: dolphin up.")
    _end(standing.pid)
    deadline = time.monotonic() + _STOP_S
    while is_supervisor(standing.pid) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    if is_supervisor(standing.pid):
        os.kill(standing.pid, signal.SIGKILL)
    home.supervisor.unlink(missing_ok=True)
    return standing


def supervise(root: Path, lock_descriptor: int) -> None:
    """Runs the request kept in the home at `root` until SIGTERM, and holds its lock as long as it lives."""
    home = open_home(root)
    request = msgspec.json.decode((home.root / "run" / "request.json").read_bytes(), type=Request, dec_hook=lambda kind, value: kind(value))
    HomeLock.inherit(lock_descriptor, Holder.this_process(COMMAND, request.run_id, f"dolphin down --home {home.root}"))
    plan = Plan(home, request.run_id, request.config, request.show.market, request.jar, request.join)
    service = Service.of_environment()
    signal.signal(signal.SIGTERM, _interrupt)

    def write(state: Literal["starting", "up", "failed"], what: str, member: str = "") -> Standing:
        standing = Standing(
            pid=os.getpid(),
            state=state,
            what=what,
            run_id=plan.run_id,
            market=request.show.label,
            member=member,
            cluster_name=request.config.member.cluster_name,
            is_joined=bool(plan.join),
        )
        temporary = home.supervisor.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(standing))
        temporary.replace(home.supervisor)
        return standing

    def on_step(step: str) -> None:
        write("starting", step)

    try:
        with System(plan, on_step) as system:
            standing = write("up", "", system.member.address)
            print(msgspec.json.encode(standing).decode() if request.as_json else said_up(standing), flush=True)
            service.ready(standing.market)
            while True:
                time.sleep(1.0)
                system.check_servants()
                service.alive()
    except KeyboardInterrupt:
        service.stopping("asked to stop")
        home.supervisor.unlink(missing_ok=True)
    except DolphinError as error:
        write("failed", str(error))
        print(f"dolphin: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def said_up(standing: Standing) -> str:
    """What `up` says when it is."""
    return f"Up: {standing.market}\nMember {standing.member}, run {standing.run_id}. Next: dolphin status, dolphin down."


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), int(sys.argv[2]))
