"""A signal to a gate from outside the jobs, with everything that follows from it: as the pipelines `survival` and `acb` do it.

    to_posture     POSTURE[account], then what the governor answered to LEVERAGE[account]; both commands to their topics
    to_leverage    LEVERAGE[key]; the command to its topic

`POSTURE` governs. Whatever is lost after its answer (this process dies, the second call fails) comes with the controller's next demand,
250 ms of market time later, which carries the whole decision again; and without a controller no lease is renewed.
"""

from typing import Any, NamedTuple

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.calls import apply_signal
from dolphin.cluster.wire import ApplyLeverage, ApplyPosture
from dolphin.core.contract import names
from dolphin.core.contract.packing import pack
from dolphin.core.control.command import Command, decode, encode, survival_signal
from dolphin.errors import DolphinError


class Answer(NamedTuple):
    """What a gate said to a signal."""

    refusal: str
    """Why it was refused; "" if it was taken."""
    command: Command | None
    """What holds now; None where there is nothing yet, or it cannot be read."""

    is_announced: bool = False
    """Listeners were told. One that was not reads the map, or hears the controller's next word: no failure of the signal."""

    @property
    def is_accepted(self) -> bool:
        return not self.refusal


class Governed(NamedTuple):
    """What came of a signal to the governor."""

    posture: Answer
    leverage: Answer | None
    """The account's answer to the governor's word; None if it was not asked (refused) or could not be (the next demand carries it)."""


async def to_posture(hazelcast: HazelcastClient, account: str, signal: bytes) -> Governed:
    """Sends a signal to the governor of `account` and carries its word to the account's cap and to whoever listens.

    Raises:
        DolphinError: it is not known whether the governor took it; sending the same signal again is safe.
    """
    answer = _read(await apply_signal(hazelcast, names.POSTURE, account, ApplyPosture(signal)))
    if not answer.is_accepted or answer.command is None:
        return Governed(answer, None)
    word = survival_signal(answer.command)
    answer = answer._replace(is_announced=await _announce(hazelcast, names.POSTURE_CHANGES, word))
    try:
        return Governed(answer, await to_leverage(hazelcast, account, word))
    except DolphinError:
        return Governed(answer, None)


async def to_leverage(hazelcast: HazelcastClient, key: str, signal: bytes) -> Answer:
    """Sends a signal to the gate `key` of `LEVERAGE`, and its command to whoever listens.

    Raises:
        DolphinError: it is not known whether the gate took it; sending the same signal again is safe.
    """
    answer = _read(await apply_signal(hazelcast, names.LEVERAGE, key, ApplyLeverage(signal)))
    if not answer.is_accepted or answer.command is None:
        return answer
    return answer._replace(is_announced=await _announce(hazelcast, names.LEVERAGE_CHANGES, encode(answer.command)))


async def _announce(hazelcast: HazelcastClient, topic: str, message: bytes) -> bool:
    try:
        await (await hazelcast.get_reliable_topic(topic)).publish(bytearray(message))
    except Exception:  # the library raises its own family, RuntimeError and OSError
        return False
    return True


def _read(answer: dict[str, Any]) -> Answer:
    command = answer["command"]
    refusal = "" if answer["accepted"] else answer["refusal"] or "refused without a reason"
    return Answer(refusal, None if command is None else decode(pack(command)))
