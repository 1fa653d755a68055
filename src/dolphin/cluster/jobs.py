"""Jobs, from Python: submit, list, show, suspend, resume, restart, cancel.

The Hazelcast client cannot submit a Jet job. A `JobCommand` runs on a member instead, through its executor service, builds the graph
there from the pipeline's description and answers in JSON.
"""

import json
from typing import Any, Final, Literal

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.wire import JobCommand
from dolphin.errors import BadInput, DolphinError
from dolphin.pipeline.description import Pipeline

Verb = Literal["suspend", "resume", "restart", "cancel"]
JobState = dict[str, Any]
"""`name`, `id`, `status` (running, suspended, failed, cancelled, completed, starting, not_running), `submitted_wall_ms` and, where there is
something wrong, `failure`: for a Python stage, the traceback."""

_DONE: Final = {"submit": "submitted", "suspend": "suspended", "resume": "resumed", "restart": "restarted", "cancel": "cancelled"}
_EXECUTOR: Final = "dolphin-jobs"


class Jobs:
    """The jobs of the cluster that `hazelcast` is connected to."""

    def __init__(self, hazelcast: HazelcastClient) -> None:
        self._hazelcast = hazelcast

    async def submit(self, pipeline: Pipeline) -> JobState:
        """Starts `pipeline` as a job of its name.

        Raises:
            BadInput: a job of this name is there already, or the member cannot build it.
        """
        return await self._ask("submit", pipeline.name, pipeline=pipeline.describe())

    async def list(self) -> list[JobState]:
        """The latest job of each name, also those that have ended."""
        return (await self._ask("list", ""))["jobs"]

    async def show(self, name: str) -> JobState:
        """Its state and `vertices`: the metrics of each vertex by name, added up over its processors.

        Raises:
            BadInput: no such job; names those there are.
        """
        return await self._ask("show", name)

    async def act(self, verb: Verb, name: str) -> JobState:
        """Does `verb` and returns the state that the job came to.

        Raises:
            BadInput: no such job (names those there are), or it is not in a state for it.
        """
        return await self._ask(verb, name)

    async def _ask(self, verb: str, name: str, **more: Any) -> Any:
        executor = await self._hazelcast.get_executor(_EXECUTOR)
        request = JobCommand(json.dumps({"verb": verb, "name": name, **more}))
        answer = json.loads(await executor.execute_on_key_owner(name, request))
        if "error" in answer:
            raise _error(verb, name, answer["error"])
        return answer


def _error(verb: str, name: str, error: dict[str, Any]) -> DolphinError:
    if error["kind"] == "unknown":
        known = ", ".join(error["known"]) or "none"
        return BadInput("no such job", field="name", value=name, remedy=f"The jobs there are: {known}.")
    if error["kind"] == "refused":
        remedy = f"It cannot be {_DONE[verb]} as it is: see dolphin job show {name}."
        return BadInput(error["message"], field="name", value=name, remedy=remedy)
    return BadInput(error["message"], field=verb, value=name, remedy="Mend the pipeline and submit it again.")
