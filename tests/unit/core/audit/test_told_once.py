"""Every kind of step has its place in the ledger, the journal and the trace, or none on purpose."""

import re
import typing
from pathlib import Path
from typing import Any

import pytest

from dolphin.core.audit import steps as of
from dolphin.core.audit import trace
from dolphin.core.audit.comparison import compared
from dolphin.core.audit.decisions import UNKNOWN_SHARE_PPM, steps_of, terms_of
from dolphin.core.audit.journal import journal_lines
from dolphin.core.audit.ledger_rows import ledger_rows
from dolphin.core.audit.steps import Entry, Step, Term
from dolphin.core.audit.trace import trace_events
from dolphin.core.control import belief
from dolphin.core.control.belief import Grant
from dolphin.core.control.command import Command
from dolphin.core.control.posture import Posture
from dolphin.core.ledger import events
from dolphin.core.ledger.events import BookedCommand, GateReading, OperationStage, Outcome, Side
from dolphin.core.order_gate import Allow, Clip, Deny, DenyReason, Exposure, Limits, Order, Style, admit
from dolphin.core.placing.choice import Choice, Purpose
from dolphin.core.units import ONE, ONE_E8

GRANT = Grant("APEX", 2 * ONE, ONE, False)
ORDER = Order("O", "A", 1, 3 * ONE_E8, Style.LIMIT, 90 * ONE_E8, False)
EXIT = Order("X", "A", -1, ONE_E8, Style.MARKET, None, True)
FILL = of.OrderFilled("O", "f", "A", -1, ONE_E8, 90 * ONE_E8, 7, True, False)
COMMAND = Command("paper", "A", 1, 2, Posture.APEX, ONE, ONE, (), False, ("why",), ("A@trade#1",), 5, 9, 0)
OF_ACCOUNT = COMMAND._replace(asset="", factors_ppm=(ONE, 2, 3, 4, 5))
BOOKED = BookedCommand("paper", "A", 1, 2, "APEX", ONE, ONE, (), False, ("why",), ("A@trade#1",), 5, 9)
READING = GateReading("APEX", ONE, ONE, "", "APEX", 0, 0)
OPERATION = events.Operation("op", OperationStage.DONE, "me", "cut", "A", "why", "", READING, READING)
TERM = Term("paper/A", 1, 2, ONE, ONE // 3)
WORDS = {"order_id": "O", "asset": "A", "side": "BUY", "qty": "3"}
CAP = {"asset": "A", "from_ppm": 2, "to_ppm": 1, "cause_ids": ("c",), "event_time_ns": 4}

CHOICE = Choice(Purpose.ENTER, 1, 5, ONE, ONE // 2, 350_000, 830_000, 3 * ONE_E8, ONE_E8)
CHOSEN = {"purpose": "enter", "rank": 1, "equity_micro_usd": 5, "cap_ppm": ONE, "weight_ppm": ONE // 2, "conviction_ppm": 350_000}
CHOSEN |= {"scale_ppm": 830_000, "target_qty": "3", "held_qty": "1"}

TOLD: dict[Step, tuple[list[Any], list[dict[str, Any]], list[trace.TraceEvent]]] = {
    # step: (rows of the ledger, lines of the journal, events of the trace)
    belief.CommandBelieved(OF_ACCOUNT): (
        [],
        [],
        [trace.Believed(market_time_ns=8, key="paper", epoch=1, seq=2, posture="APEX", cap_ppm=ONE, f1_ppm=ONE, expires_at_ns=9)],
    ),
    belief.CommandBelieved(COMMAND._replace(from_cap_ppm=2 * ONE)): (
        [],
        [
            {"type": "command", "asset": "A", "posture": "APEX", "from_ppm": 2 * ONE, "to_ppm": ONE, "reason": "why"}
            | {"cause_ids": ("A@trade#1",), "event_time_ns": 5}
        ],
        [trace.Believed(market_time_ns=8, key="paper/A", epoch=1, seq=2, posture="APEX", cap_ppm=ONE, f1_ppm=None, expires_at_ns=9)],
    ),
    belief.CommandBelieved(OF_ACCOUNT._replace(from_cap_ppm=ONE), OF_ACCOUNT): (
        [],
        [],
        [trace.Believed(market_time_ns=8, key="paper", epoch=1, seq=2, posture="APEX", cap_ppm=ONE, f1_ppm=ONE, expires_at_ns=9)],
    ),
    belief.CommandBelieved(OF_ACCOUNT, OF_ACCOUNT._replace(posture=Posture.TURTLE)): (
        [],
        [
            {"type": "command", "asset": "", "posture": "APEX", "from_ppm": 0, "to_ppm": ONE, "reason": "why"}
            | {"cause_ids": ("A@trade#1",), "event_time_ns": 5}
        ],
        [trace.Believed(market_time_ns=8, key="paper", epoch=1, seq=2, posture="APEX", cap_ppm=ONE, f1_ppm=ONE, expires_at_ns=9)],
    ),
    belief.CommandIgnored("old"): ([], [], []),
    belief.TrustEnded("why"): ([], [], []),
    belief.Shut("why"): ([], [], [trace.TraceShut(market_time_ns=8, reason="why")]),
    belief.Reopened(): ([], [], [trace.TraceReopened(market_time_ns=8)]),
    belief.LeaseEnded("paper", 1, 2): ([], [], [trace.LeaseEnd(market_time_ns=8, key="paper", epoch=1, seq=2)]),
    belief.PostureChanged(Posture.APEX, Posture.TURTLE, "why", ("c",)): (
        [],
        [{"type": "posture", "from": "APEX", "to": "TURTLE", "reason": "why", "cause_ids": ("c",)}],
        [trace.PostureSeen(market_time_ns=8, posture="TURTLE", reason="why")],
    ),
    belief.CapChanged("A", 2, 1, "why", ("c",), 4): ([], [{"type": "cap", **CAP, "reason": "why"}], []),
    belief.CapChanged("A", 2, 1, belief.LEASE_EXPIRED, ("c",), 4): (
        [],
        [{"type": "cap", **CAP, "reason": "lease expired"}, {"type": "lease", "asset": "A", "expired_at_ns": 4}],
        [],
    ),
    of.AccountTaken("paper", "run", 3): ([], [], [trace.Epoch(market_time_ns=8, account="paper", run_id="run", epoch=3)]),
    of.RunStarted(): ([events.RunStart()], [], []),
    of.RunEnded("why"): ([events.RunEnd("why")], [], []),
    of.OrderWanted(ORDER, GRANT, (COMMAND,)): (
        [events.OrderIntent("O", "A", Side.BUY, 3 * ONE_E8, 90 * ONE_E8, False, ONE, "APEX", (BOOKED,))],
        [{"type": "order", **WORDS, "price": "90", "style": "limit", "is_reduce_only": False, "posture": "APEX", "cap_ppm": ONE}],
        [],
    ),
    of.OrderWanted(EXIT, GRANT, ()): (
        [events.OrderIntent("X", "A", Side.SELL, ONE_E8, None, True, ONE, "APEX", ())],
        [
            {"type": "order", "order_id": "X", "asset": "A", "side": "SELL", "qty": "1"}
            | {"price": None, "style": "market", "is_reduce_only": True, "posture": "APEX", "cap_ppm": ONE}
        ],
        [],
    ),
    of.OrderAdmitted(ORDER, ONE_E8, 5, (TERM,)): (
        [],
        [],
        [
            trace.Admitted(
                market_time_ns=8,
                order_id="O",
                asset="A",
                notional_micro_usd=5,
                terms=(TERM,),
            ),
            trace.Intent(market_time_ns=8, order_id="O"),
        ],
    ),
    of.OrderClipped(ORDER, ONE_E8, GRANT): (
        [events.OrderOutcome("O", Outcome.CLIPPED, "cap or position", ONE_E8)],
        [{"type": "clipped", **WORDS, "qty": "1", "asked_qty": "3", "cap_ppm": ONE}],
        [],
    ),
    of.OrderDenied(ORDER, DenyReason.OVER_CAP, GRANT): (
        [events.OrderOutcome("O", Outcome.DENIED, "over_cap", None)],
        [{"type": "denied", **WORDS, "reason": "over_cap", "posture": "APEX"}],
        [trace.Denied(market_time_ns=8, order_id="O", reason="over_cap")],
    ),
    of.OrderReplaced("O", ()): ([], [], [trace.Replaced(market_time_ns=8, order_id="O", terms=())]),
    FILL: (
        [events.Fill("O", "f", "A", Side.SELL, ONE_E8, 90 * ONE_E8, 7)],
        [
            {"type": "fill", "order_id": "O", "asset": "A", "side": "SELL", "qty": "1", "price": "90"}
            | {"fee_micro_usd": 7, "pnl_micro_usd": 11, "is_maker": True}
        ],
        [trace.Filled(market_time_ns=8, order_id="O", fill_id="f", is_last=False)],
    ),
    of.OrderEnded("O", "A", Outcome.REJECTED, "why"): (
        [events.OrderOutcome("O", Outcome.REJECTED, "why", None)],
        [{"type": "cancelled", "order_id": "O", "asset": "A", "outcome": "rejected", "reason": "why"}],
        [trace.Ended(market_time_ns=8, order_id="O", outcome="rejected")],
    ),
    of.OrderLost("O", "why"): (
        [events.OrderOutcome("O", Outcome.CANCELLED, "why", None)],
        [{"type": "lost", "order_id": "O", "reason": "why"}],
        [],
    ),
    of.PositionCompared("A", ONE_E8, 0): (
        [events.Reconciliation("A", ONE_E8, 0)],
        [{"type": "compared", "asset": "A", "ledger_qty": "1", "venue_qty": "0"}],
        [],
    ),
    of.PositionClosedOut("R", "A", -1, ONE_E8, 90 * ONE_E8): (
        [
            events.OrderIntent("R", "A", Side.SELL, ONE_E8, None, True, 0, "HIBERNATE", ()),
            events.Fill("R", "restart", "A", Side.SELL, ONE_E8, 90 * ONE_E8, 0),
        ],
        [{"type": "closed_out", "order_id": "R", "asset": "A", "side": "SELL", "qty": "1", "price": "90"}],
        [],
    ),
    of.LossCharged(5, "why"): ([events.Fee(5, "why")], [{"type": "charged", "amount_micro_usd": 5, "reason": "why"}], []),
    of.AccountValued(5): ([], [], []),
    of.EquityTold(None, 5, 6, 7, (("A", ONE_E8),)): (
        [],
        [
            {"type": "equity", "equity_micro_usd": None, "cash_micro_usd": 5, "exposure_micro_usd": 6, "drawdown_ppm": 7}
            | {"positions": {"A": "1"}}
        ],
        [],
    ),
    of.OrderChosen("O", "A", CHOICE): ([], [{"type": "chosen", "order_id": "O", "asset": "A", **CHOSEN}], []),
    of.RankingHeard((("A", 0.12345678),)): ([], [{"type": "ranking", "top": [{"asset": "A", "score": 0.123457}]}], []),
    of.InvariantBroken("why", "c"): ([], [{"type": "broken", "reason": "why", "cause_id": "c"}], []),
    of.Operated(OPERATION): ([OPERATION], [], []),
}


@pytest.mark.parametrize("step", TOLD, ids=lambda step: type(step).__name__)
def test_a_step_is_told_as_the_table_says(step: Step) -> None:
    rows, lines, traced = TOLD[step]
    entry = Entry(7, 8, step)
    assert list(ledger_rows(step)) == rows
    assert [dict(line) for line in journal_lines(entry, 11)] == [{**line, "market_time_ns": 7} for line in lines]
    assert list(trace_events(entry)) == traced


def test_every_kind_of_step_is_in_the_table() -> None:
    kinds = {*typing.get_args(belief.BeliefEffect.__value__), *typing.get_args(Step.__value__)} - {belief.BeliefEffect}
    assert {type(step) for step in TOLD} == kinds


def test_the_docs_have_every_kind_of_line_and_of_event() -> None:
    docs = Path(__file__).resolve().parents[4] / "docs"
    contracts, agent = (docs / "contracts.md").read_text(), (docs / "agent.md").read_text()
    of_the_journal = {line["type"] for _, lines, _ in TOLD.values() for line in lines}
    of_the_trace = {kind.__struct_config__.tag for kind in typing.get_args(trace.TraceEvent)}
    [(lines, why)] = re.findall(r"`agent\.ndjson` lines .*? with types `([\w, ]+)` \(decisions\), `(\w+)`", contracts)
    [events_of_the_trace] = re.findall(r"`trace\.ndjson` lines .*?: `([\w, ]+)` \(", contracts)
    assert {*lines.split(", "), why} == of_the_journal
    assert set(events_of_the_trace.split(", ")) == of_the_trace
    section = agent.partition("## `agent.ndjson`")[2].partition("\n## ")[0].partition("Other lines:")[0]
    assert set(re.findall(r"`(\w+)` \{", section)) == of_the_journal


def test_a_line_begins_with_its_type_and_time() -> None:
    assert list(journal_lines(Entry(7, 8, FILL))[0])[:2] == ["type", "market_time_ns"]
    assert journal_lines(Entry(7, 8, FILL))[0]["pnl_micro_usd"] is None


def test_a_decision_is_the_wish_and_what_became_of_it() -> None:
    marks, exposure = {"A": 100 * ONE_E8}, Exposure()
    wanted = of.OrderWanted(ORDER, GRANT, (OF_ACCOUNT, COMMAND))

    def decided(decision: Allow | Clip | Deny, after: Exposure = exposure) -> tuple[Step, ...]:
        return steps_of(ORDER, GRANT, (OF_ACCOUNT, COMMAND), decision, after, 1_000 * ONE, marks)

    assert decided(Deny(DenyReason.OVER_CAP)) == (wanted, of.OrderDenied(ORDER, DenyReason.OVER_CAP, GRANT))
    after, _ = admit(exposure, ORDER, GRANT, 1_000 * ONE, marks, Limits(1, 0))
    terms = (Term("paper", 1, 2, 2 * ONE, 300_000), Term("paper/A", 1, 2, ONE, 300_000))
    assert decided(Allow(), after) == (wanted, of.OrderAdmitted(ORDER, 3 * ONE_E8, 300 * ONE, terms))
    clipped, admitted = decided(Clip(ONE_E8), after)[1:]
    assert clipped == of.OrderClipped(ORDER, ONE_E8, GRANT)
    assert admitted == of.OrderAdmitted(ORDER, ONE_E8, 100 * ONE, terms)


def test_an_exit_stands_on_nothing_and_what_is_not_known_is_beyond_every_cap() -> None:
    exposure, _ = admit(Exposure(), ORDER, GRANT, 1_000 * ONE, {"A": ONE_E8}, Limits(1, 0))
    assert terms_of(EXIT, GRANT, (OF_ACCOUNT, COMMAND), exposure, ONE, {"A": ONE_E8}) == ()
    for equity, marks in ((None, {"A": ONE_E8}), (0, {"A": ONE_E8}), (ONE, {})):
        for term in terms_of(ORDER, GRANT, (OF_ACCOUNT, COMMAND), exposure, equity, marks):
            assert term.exposure_ppm == UNKNOWN_SHARE_PPM


def test_what_either_of_them_holds_is_compared() -> None:
    assert compared({"B": 1, "A": 2}, {"B": 1, "C": 3}) == (
        of.PositionCompared("A", 2, 0),
        of.PositionCompared("B", 1, 1),
        of.PositionCompared("C", 0, 3),
    )
