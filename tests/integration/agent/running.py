"""An agent process under test: started as the orchestrator starts it, watched through its journal, always ended."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from dolphin.config import Paper
from dolphin.host.child import Child
from dolphin.host.home import RunFiles
from dolphin.host.member import MemberProcess
from dolphin.host.options import write_options
from dolphin.host.tail import Tail
from dolphin.trading.options import AgentOptions

BOUND_S = 60.0
_POLL_S = 0.02

Line = dict[str, Any]


class RunningAgent:
    """`python -m agent.worker` with a journal; an async context manager."""

    def __init__(self, member: MemberProcess, home: Path, *, account: str, assets: str, run_id: str, speed: float = 1.0) -> None:
        self._files = RunFiles(home / run_id)
        self._options = AgentOptions(
            member=member.address,
            cluster_name=member.cluster_name,
            run_id=run_id,
            run_dir=self._files.directory,
            ledger=home / "ledger.sqlite",
            paper=Paper(account=account),
            assets=tuple(assets.split(",")),
            speed=speed,
        )
        self._tail = Tail(self._files.agent_journal)
        self.lines: list[Line] = []
        self.child: Child

    async def __aenter__(self) -> Self:
        path = write_options(self._options, self._files.options("agent"))
        self.child = Child("agent", [sys.executable, "-m", "agent.worker", str(path)], self._files.log("agent"))
        try:
            await self.until(lambda line: line["type"] == "ready")
        except BaseException:
            self.child.kill()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.child.kill()

    async def until(self, matches: Callable[[Line], bool]) -> Line:
        """The first line, from the beginning, that `matches`; waits for it."""
        seen = 0
        try:
            async with asyncio.timeout(BOUND_S):
                while True:
                    self.lines += self._tail.read()
                    for line in self.lines[seen:]:
                        if matches(line):
                            return line
                    seen = len(self.lines)
                    if self.child.exit_status() is not None:
                        raise AssertionError(f"the agent ended: {self.child.last_words(20)}")
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            told = [line for line in self.lines if line["type"] not in ("status", "equity")]
            raise AssertionError(f"the line never came; the journal ends {told[-12:]}") from None

    async def end(self) -> int:
        """Asks it to end in good order; returns its exit status."""
        await asyncio.to_thread(self.child.stop, 20.0)
        self.lines += self._tail.read()
        status = self.child.exit_status()
        assert status is not None
        return status

    def of(self, *kinds: str) -> list[Line]:
        """The lines of these types so far."""
        self.lines += self._tail.read()
        return [line for line in self.lines if line["type"] in kinds]
