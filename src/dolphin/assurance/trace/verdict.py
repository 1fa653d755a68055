"""Does the specification allow a trace, and if not, where does the trace depart from it?

A trace is accepted if TLC violates `NotAccepted`, by that name: then it has followed the trace to its end. It is rejected if TLC comes to a
standstill, and the last state says at which event; or if it violates a claim of the specification on the way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dolphin.assurance.trace import module, tlc
from dolphin.assurance.trace.tlc import Finding, Model, NoVerdict
from dolphin.core.audit import trace as of
from dolphin.core.audit.trace import TraceEvent

ACCEPTED: Final = "NotAccepted"
CLAIMS: Final = ("OneWriter", "OldEpochIsRefused", "NeverAboveCap", "LeaseHeld")
VIEW: Final = "Progress"
TIMEOUT_S: Final = 300.0
_NEXT = re.compile(r"\bnext [|]-> (\d+)")

_NEEDS: Final[dict[type, str]] = {
    of.Epoch: "the first event, with the epoch after the one before",
    of.Believed: "a larger (epoch, seq) than every command of its key before it, and cap 0 while an invariant is latched",
    of.LeaseEnd: "the command that is held for its key, at or after its end, once",
    of.TraceShut: "an agent that is not shut",
    of.TraceReopened: "an agent that is shut",
    of.PostureSeen: "the posture of the account's live command, or HIBERNATE without one",
    of.Admitted: "no order waiting for its intent; for an entry: an agent that is not shut, in APEX or STALKER, and for both keys the"
    " command that is held, not run out, a cap no larger than it grants, and an exposure within that cap",
    of.Intent: "the order admitted just before, under the present epoch, with a name never used",
    of.Denied: "no order waiting for its intent, and a name never used",
    of.Replaced: "an open order, and the terms that a new entry would need",
    of.Filled: "an open order",
    of.Ended: "an open order",
}
"""What the specification needs of each event."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Where a trace departs from the specification."""

    number: int
    """Of the event, from 1: the line in the file."""
    event: TraceEvent
    kind: str
    needs: str
    """What the specification needs of such an event; the claim's name if a claim was violated instead."""


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """`events` counts what was checked; `cut` says why the trace ends before its run, if it does."""

    events: int
    cut: str | None
    rejection: Rejection | None

    @property
    def is_accepted(self) -> bool:
        return self.rejection is None


def judge(trace: Sequence[TraceEvent]) -> TraceVerdict:
    """Has TLC follow `trace`.

    Raises:
        NoVerdict: TLC gave none.
    """
    last = trace[-1]
    cut = last.reason if isinstance(last, of.Cut) else None
    followed = trace[:-1] if isinstance(last, of.Cut) else trace
    if early := next((number for number, event in enumerate(followed, 1) if isinstance(event, of.Cut)), None):
        return TraceVerdict(len(followed), cut, _rejection(followed, early, "nothing after it: the trace was cut here"))
    if not followed:
        return TraceVerdict(0, cut, None)
    model = Model(module.MODEL, invariants=(ACCEPTED, *CLAIMS), view=VIEW)
    found = tlc.check(module.SPECIFICATION, model, others={module.NAME: module.text(followed)}, timeout_s=TIMEOUT_S)
    return TraceVerdict(len(followed), cut, _read(followed, found))


def _read(trace: Sequence[TraceEvent], found: tlc.Verdict) -> Rejection | None:
    if found.finding is Finding.VIOLATED and found.violated == ACCEPTED:
        return None
    reached = [int(number) for number in _NEXT.findall(found.output)]
    if found.finding is Finding.HOLDS or not reached:
        raise NoVerdict("TLC stopped without saying where", remedy="Look at formal/tla/InventoryTrace.tla.")
    if found.finding is Finding.STANDSTILL:
        return _rejection(trace, reached[-1], None)
    return _rejection(trace, max(1, reached[-1] - 1), f"a state in which {found.violated} holds")


def _rejection(trace: Sequence[TraceEvent], number: int, needs: str | None) -> Rejection:
    event = trace[number - 1]
    return Rejection(number, event, of.kind(event), needs or _NEEDS[type(event)])
