"""The process behind `dolphin up`: it holds a system until it is told to stop.

It is started detached with a request file and the lock of the home, and answers in the supervisor file, which is also how `status` and
`down` find it (`dolphin.host.standing`). It keeps the parts running (`dolphin.run.keeper`) and says twice a second how each stands.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

import msgspec

from dolphin.cluster.signals import to_posture
from dolphin.cluster.watch import ClusterWatch
from dolphin.config import Config, dump_config
from dolphin.core.health.parts import PARTS, PartKind
from dolphin.core.health.restart import Lifecycle, Supervised
from dolphin.core.health.verdict import has_decided
from dolphin.errors import BadInput, DolphinError, error_of
from dolphin.host.home import Home, open_home
from dolphin.host.home_lock import Holder, HomeLock
from dolphin.host.leftovers import end_leftovers, process_of
from dolphin.host.notify import Service
from dolphin.host.private import be_private
from dolphin.host.saying import Outage, timed
from dolphin.host.segments import keep_short
from dolphin.host.standing import Fault, PartStanding, Standing, is_supervised, last_standing, read_standing, write_standing
from dolphin.host.tasks import beside, pause
from dolphin.run.alarms import Alarms
from dolphin.run.keeper import Keeper
from dolphin.run.launch import Show
from dolphin.run.plan import Plan
from dolphin.run.runners import runners_of

COMMAND = "dolphin up"
_START_S = 180.0
_STOP_S = 60.0
_POLL_S = 0.1
LOOK_EVERY_S: Final = 0.25
WRITE_EVERY_S: Final = 0.5
FIRST_DECISION_S: Final = 150.0
"""From the first part's start to the first decision, at the most."""


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
    with home.supervisor_log.open("ab") as log:
        process = subprocess.Popen(
            _command(home, lock),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock.descriptor],
        )
    try:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and process.poll() is None:
            standing = read_standing(home)
            if standing is not None and standing.state == "up":
                return standing
            time.sleep(_POLL_S)
    except BaseException:  # Ctrl-C in any phase leaves nothing
        _end(process.pid)
        process.wait()
        raise
    _end(process.pid)
    process.wait()
    standing, kind = read_standing(home), error_of(process.returncode)
    if standing is not None and standing.fault is not None:
        raise standing.fault.as_error(kind)
    raise kind("the system did not come up", remedy=f"See {home.supervisor_log}.")


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


def stop(home: Home) -> tuple[Standing, list[str]]:
    """Stops the system of `home` and waits until it is gone; says what had to be ended besides, a line each.

    Raises:
        BadInput: none is up.
    """
    standing = last_standing(home)
    if standing is None or standing.state == "failed":
        raise BadInput("no system is up here", field="--home", value=str(home.root), remedy="Start one with: dolphin up.")
    if is_supervised(standing):
        _end(standing.pid)
    deadline = time.monotonic() + _STOP_S
    while is_supervised(standing) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    if is_supervised(standing):
        os.kill(standing.pid, signal.SIGKILL)
    done = clear(home)
    home.supervisor.unlink(missing_ok=True)
    return standing, done


def clear(home: Home) -> list[str]:
    """Ends what a supervisor of `home` that died has left running; says what, a line each. Its lock must be held, or its pid gone."""
    standing = last_standing(home)
    parts = {} if standing is None else standing.parts
    return end_leftovers(part.process for part in reversed(parts.values()) if part.process is not None)


def supervise(root: Path, lock_descriptor: int) -> None:
    """Runs the request kept in the home at `root` until SIGTERM, and holds its lock as long as it lives."""
    be_private()
    home = open_home(root)
    request = msgspec.json.decode((home.root / "run" / "request.json").read_bytes(), type=Request, dec_hook=lambda kind, value: kind(value))
    HomeLock.inherit(lock_descriptor, Holder.this_process(COMMAND, request.run_id, f"dolphin down --home {home.root}"))
    supervisor = Supervisor(home, request)
    try:
        asyncio.run(supervisor.run())
    except DolphinError as error:
        supervisor.write("failed", str(error), Fault.of(error))
        print(f"dolphin: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    home.supervisor.unlink(missing_ok=True)


class Supervisor:
    """One system from its start to its end."""

    def __init__(self, home: Home, request: Request) -> None:
        self._home = home
        self._request = request
        self._plan = Plan(home, request.run_id, request.config, request.show.market, request.jar, request.join)
        self._watch = ClusterWatch(request.config.member.cluster_name, name="dolphin-supervisor")
        self._say = timed("supervisor")
        runners = self._runners = runners_of(self._plan, self._watch)
        self._alarms = Alarms(self._tell_governor, self._say)
        self._keeper = Keeper(runners, self._watch.see, say=self._say, give_up=self._alarms.owe)
        self._state: Literal["starting", "up"] = "starting"
        self._service = Service.of_environment()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT.

        Raises:
            DolphinError: a part did not come up at first; nothing is left running.
        """
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        self._plan.files.directory.mkdir(parents=True)
        self._plan.files.config.write_text(dump_config(self._plan.config))
        async with beside(self._write_on(), self._alarms.run()):
            try:
                await self._start(stopping)
                await self._keep(stopping)
                self._service.stopping("asked to stop")
            finally:
                await self._keeper.end()
                await self._watch.close()

    async def _start(self, stopping: asyncio.Event) -> None:
        """Until every part has been through a first batch: the system is up. What fails before that is not tried again."""
        ends_at = time.monotonic() + FIRST_DECISION_S
        while not stopping.is_set():
            await self._keeper.look()
            if (fault := self._keeper.first_fault()) is not None:
                raise fault
            if has_decided(None if self._keeper.sighting is None else self._keeper.sighting.beats):
                break
            if time.monotonic() > ends_at:
                raise self._undecided()
            await pause(LOOK_EVERY_S, stopping)
        else:
            return
        self._state = "up"
        standing = self.write("up", "")
        print(msgspec.json.encode(standing).decode() if self._request.as_json else said_up(standing), flush=True)
        self._service.ready(standing.market)

    async def _keep(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            await self._keeper.look()
            self._service.alive()
            keep_short(self._home.supervisor_log)
            await pause(LOOK_EVERY_S, stopping)

    async def _write_on(self) -> None:
        """Beside the looks, of which one can take long."""
        disk = Outage("the disk for supervisor.json", self._say)
        while True:
            try:
                self.write(self._state, self._step())
                disk.ended()
            except OSError as error:  # a full disk ends nothing that runs
                disk.began(str(error))
            await asyncio.sleep(WRITE_EVERY_S)

    def write(self, state: Literal["starting", "up", "failed"], what: str, fault: Fault | None = None) -> Standing:
        """Says how the system stands."""
        me = process_of("supervisor", os.getpid())
        standing = Standing(
            pid=os.getpid(),
            started=0 if me is None else me.started,
            state=state,
            what=what,
            fault=fault,
            run_id=self._plan.run_id,
            market=self._request.show.label,
            member=self._watch.address,
            cluster_name=self._plan.config.member.cluster_name,
            is_joined=bool(self._plan.join),
            written_wall_ns=time.time_ns(),
            looked_wall_ns=self._keeper.looked_ns,
            parts={name: self._part(name, state) for name, state in self._keeper.states.items()},
        )
        write_standing(self._home, standing)
        return standing

    def _part(self, name: str, state: Supervised) -> PartStanding:
        pid = self._runners[name].pid
        return PartStanding(
            phase=state.phase.value,
            since_wall_ns=state.since_ns,
            restarts=state.restarts,
            why=state.why,
            process=None if pid is None else process_of(name, pid),
        )

    def _step(self) -> str:
        """What is waited for while it starts."""
        if self._state == "up":
            return ""
        missing = [name for name, state in self._keeper.states.items() if state.phase is not Lifecycle.UP]
        return f"starting {missing[0]}" if missing else "waiting until the first batch has been decided on"

    def _undecided(self) -> DolphinError:
        sighting = self._keeper.sighting
        beats = sighting.beats if sighting is not None else {}
        waits = [f"{name}: {beats[name].detail}" for name in beats if beats[name].detail]
        feed = next(part.name for part in PARTS if part.kind is PartKind.FEED)
        said = self._runners[feed].fault(sighting)
        what = f"nothing was decided on within {FIRST_DECISION_S:.0f} s ({'; '.join(waits) or 'no part says why'}; the feed: {said.what})"
        return DolphinError(what, remedy=said.remedy)

    async def _tell_governor(self, signal: bytes) -> object:
        if self._watch.hazelcast is None:
            raise DolphinError("the member is away", remedy="It is started again first.")
        return await to_posture(self._watch.hazelcast, self._plan.config.paper.account, signal)


def said_up(standing: Standing) -> str:
    """What `up` says when it is."""
    return f"Up: {standing.market}\nMember {standing.member}, run {standing.run_id}. Next: dolphin status, dolphin down."


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), int(sys.argv[2]))
