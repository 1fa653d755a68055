"""The ledger's laws, on random histories: legs balance, the fold is the balance, tampering shows, profit is right and never flattered."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dolphin.core.ledger import chain
from dolphin.core.ledger.accounts import Accounts, Plan, Refusal, Repeat
from dolphin.core.ledger.chain import Content, Head, Record
from dolphin.core.ledger.chart import CASH, FEES, FUNDING, OPEN_CONTRACTS, REALISED_PNL, Leg, imbalance, position_account
from dolphin.core.ledger.events import (
    BookedCommand,
    Fee,
    Fill,
    Funding,
    LedgerEvent,
    Mark,
    OpeningDeposit,
    OrderIntent,
    OrderOutcome,
    Outcome,
    Reconciliation,
    RunEnd,
    RunStart,
    Side,
)
from dolphin.core.ledger.position import FLAT, Position, book_fill
from dolphin.core.ledger.verification import verify

untimed = settings(deadline=None)

ASSETS = ("BTCUSDT", "ETHUSDT")
DEPOSIT = 10_000_000_000

quantities = st.integers(1, 10**12)
prices = st.integers(1, 10**13)
amounts = st.integers(-(10**9), 10**9)
order_ids = st.sampled_from(["O-1", "O-2", "O-3"])
assets = st.sampled_from(ASSETS)
sides = st.sampled_from(Side)
commands = st.builds(
    BookedCommand,
    account=st.just("paper"),
    asset=assets,
    epoch=st.integers(1, 3),
    seq=st.integers(1, 99),
    posture=st.just("APEX"),
    cap_ppm=st.integers(0, 6_000_000),
    r_total_ppm=st.integers(0, 1_000_000),
    factors_ppm=st.just((1_000_000,) * 5),
    passive_only=st.booleans(),
    reasons=st.just(("taker shock é",)),
    cause_ids=st.just(("BTCUSDT@trade#1",)),
    issued_at_ns=st.just(1),
    expires_at_ns=st.just(2),
)
intents = st.builds(
    OrderIntent,
    order_id=order_ids,
    asset=assets,
    side=sides,
    qty_e8=quantities,
    price_e8=st.none() | prices,
    is_reduce_only=st.booleans(),
    cap_ppm=st.just(2_000_000),
    posture=st.just("STALKER"),
    commands=st.tuples(commands),
)
fills = st.builds(
    Fill,
    order_id=order_ids,
    fill_id=st.sampled_from("abcdef"),
    asset=assets,
    side=sides,
    qty_e8=quantities,
    price_e8=prices,
    fee_micro_usd=amounts,
)
events: st.SearchStrategy[LedgerEvent] = st.one_of(
    fills,
    fills,
    fills,
    intents,
    st.builds(OrderOutcome, order_id=order_ids, outcome=st.sampled_from(Outcome), detail=st.just("d"), qty_e8=st.none() | quantities),
    st.builds(Fee, amount_micro_usd=amounts, detail=st.just("d")),
    st.builds(Funding, asset=assets, amount_micro_usd=amounts),
    st.builds(Mark, equity_micro_usd=amounts, high_water_mark_micro_usd=st.integers(DEPOSIT, 2 * DEPOSIT)),
    st.builds(Reconciliation, asset=assets, ledger_qty_e8=st.integers(0, 1), venue_qty_e8=st.integers(-1, 1)),
    st.builds(OpeningDeposit, amount_micro_usd=amounts),
    st.just(RunStart()),
    st.just(RunEnd("done")),
)
histories = st.lists(events, min_size=1, max_size=25)


def write(history: list[LedgerEvent]) -> tuple[Accounts, list[Record]]:
    """Books what a writer would accounts of `history`."""
    accounts, head, records = Accounts(), Head(), []
    for at, event in enumerate([OpeningDeposit(DEPOSIT), *history]):
        decision = accounts.plan(event)
        if isinstance(decision, Plan):
            content = Content(at, event, decision.legs)
            records.append(chain.seal("paper", head, 1, "r1", 10**18 + at, chain.encode(content)))
            head = Head(records[-1].index, records[-1].hash)
            accounts.apply(content)
    return accounts, records


def head_of(records: list[Record]) -> Head:
    return Head(records[-1].index, records[-1].hash)


@untimed
@given(histories)
def test_the_legs_of_every_entry_sum_to_zero_and_the_balances_are_their_fold(history: list[LedgerEvent]) -> None:
    accounts, records = write(history)
    fold: Counter[str] = Counter()
    for record in records:
        legs = chain.decode(record.content).legs
        assert imbalance(legs) == 0
        for leg in legs:
            assert leg.amount_micro_usd != 0
            fold[leg.account] += leg.amount_micro_usd
    assert {name: amount for name, amount in accounts.balances.items() if amount} == {
        name: amount for name, amount in fold.items() if amount
    }
    assert sum(accounts.balances.values()) == 0


@untimed
@given(histories)
def test_the_accounts_agree_with_each_other_and_with_the_positions(history: list[LedgerEvent]) -> None:
    accounts, _ = write(history)
    balances = accounts.balances
    assert balances[CASH] == DEPOSIT - balances[REALISED_PNL] - balances[FEES] - balances[FUNDING]
    costs = {asset: accounts.position(asset).cost_micro_usd for asset in ASSETS}
    assert {asset: balances.get(position_account(asset), 0) for asset in ASSETS} == costs
    assert balances[OPEN_CONTRACTS] == -sum(costs.values())
    assert all(held.qty_e8 != 0 for held in accounts.positions.values())


@untimed
@given(histories)
def test_what_a_writer_wrote_verifies(history: list[LedgerEvent]) -> None:
    _, records = write(history)
    report = verify("paper", records, head_of(records))
    assert report.is_verified
    assert (report.entries, report.head_hash) == (len(records), records[-1].hash)


def flip_bit(text: str, data: st.DataObject) -> str:
    raw = bytearray(text.encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    return raw.decode("utf-8", "backslashreplace")


def change_field(record: Record, data: st.DataObject) -> Record:
    name = data.draw(st.sampled_from([name for name in Record.__dataclass_fields__ if getattr(record, name) != ""]))
    value = getattr(record, name)
    changed: Any = flip_bit(value, data) if isinstance(value, str) else value ^ 1 << data.draw(st.integers(0, 62))
    return replace(record, **{name: changed})


@untimed
@given(histories, st.data())
def test_one_changed_bit_in_any_field_of_any_entry_is_found_where_it_is(history: list[LedgerEvent], data: st.DataObject) -> None:
    _, records = write(history)
    at = data.draw(st.integers(0, len(records) - 1))
    remembered = head_of(records)
    records[at] = change_field(records[at], data)
    assert verify("paper", records, remembered).first_bad_index == at + 1


@untimed
@given(histories, st.data())
def test_a_removed_entry_is_found_also_the_last_one(history: list[LedgerEvent], data: st.DataObject) -> None:
    _, records = write(history)
    at = data.draw(st.integers(0, len(records) - 1))
    remembered = head_of(records)
    del records[at]
    assert verify("paper", records, remembered).first_bad_index == at + 1


@untimed
@given(histories, st.data())
def test_two_swapped_entries_are_found(history: list[LedgerEvent], data: st.DataObject) -> None:
    _, records = write(history)
    assume(len(records) > 1)
    first, second = sorted(data.draw(st.lists(st.integers(0, len(records) - 1), min_size=2, max_size=2, unique=True)))
    remembered = head_of(records)
    records[first], records[second] = records[second], records[first]
    assert verify("paper", records, remembered).first_bad_index == first + 1


@untimed
@given(histories, events, st.data())
def test_an_inserted_entry_is_found_even_if_it_is_sealed_correctly(
    history: list[LedgerEvent], event: LedgerEvent, data: st.DataObject
) -> None:
    _, records = write(history)
    at = data.draw(st.integers(0, len(records)))
    remembered = head_of(records)
    before = Head() if at == 0 else Head(records[at - 1].index, records[at - 1].hash)
    records.insert(at, chain.seal("paper", before, 1, "r1", 0, chain.encode(Content(0, event, ()))))
    report = verify("paper", records, remembered)
    assert report.first_bad_index is not None
    assert report.first_bad_index >= at + 1


@untimed
@given(histories, st.data())
def test_forged_legs_are_found_even_if_everything_after_them_is_sealed_again(history: list[LedgerEvent], data: st.DataObject) -> None:
    _, records = write(history)
    at = data.draw(st.integers(0, len(records) - 1))
    amount = data.draw(st.integers(1, 10**6))
    forged, head = [], Head()
    for position, record in enumerate(records):
        content = chain.decode(record.content)
        if position == at:
            content = msgspec.structs.replace(content, legs=(*content.legs, Leg(CASH, amount), Leg(REALISED_PNL, -amount)))
        forged.append(chain.seal("paper", head, 1, "r1", record.written_wall_ns, chain.encode(content)))
        head = Head(forged[-1].index, forged[-1].hash)
    assert verify("paper", forged, head).first_bad_index == at + 1


@untimed
@given(st.lists(st.tuples(sides, quantities, prices), min_size=1, max_size=30), prices)
def test_average_cost_profit_agrees_with_exact_arithmetic_and_is_never_above_it(
    trades: list[tuple[Side, int, int]], last_price: int
) -> None:
    position, pnl = FLAT, 0
    exact_qty, exact_average, exact_pnl = Fraction(0), Fraction(0), Fraction(0)
    exact_received = Fraction(0)
    for side, qty, price in trades:
        booked = book_fill(position, side.sign * qty, price)
        position, pnl = booked.position, pnl + booked.pnl_micro_usd
        signed, at = Fraction(side.sign * qty, 10**8), Fraction(price, 100)
        exact_received -= signed * at
        while signed:  # one direction at a time: first what closes, then what opens
            if exact_qty * signed >= 0:
                exact_average = (exact_qty * exact_average + signed * at) / (exact_qty + signed)
                exact_qty, signed = exact_qty + signed, Fraction(0)
            else:
                closed = max(signed, -exact_qty) if signed < 0 else min(signed, -exact_qty)
                exact_pnl += -closed * (at - exact_average)
                exact_qty, signed = exact_qty + closed, signed - closed
    roundings = 3 * len(trades)
    assert position.qty_e8 == exact_qty * 10**8
    assert 0 <= exact_pnl - pnl <= roundings
    assert abs(position.cost_micro_usd - exact_qty * exact_average) <= roundings
    exact_total = exact_received + exact_qty * Fraction(last_price, 100)
    assert 0 <= exact_total - (pnl + position.value_micro_usd(last_price) - position.cost_micro_usd) <= roundings
    assert (position.qty_e8 == 0) <= (position == FLAT)


@untimed
@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), prices)
def test_closing_the_whole_leaves_nothing_behind(qty: int, cost: int, price: int) -> None:
    assume(qty != 0)
    booked = book_fill(Position(qty, cost), -qty, price)
    assert booked.position == FLAT
    assert booked.cost_change_micro_usd == -cost


@untimed
@given(histories)
def test_repeating_what_is_booked_changes_nothing(history: list[LedgerEvent]) -> None:
    accounts, records = write(history)
    for record in records:
        event = chain.decode(record.content).event
        if isinstance(event, Fill | OrderIntent):
            assert accounts.plan(event) == Repeat()
        if isinstance(event, OpeningDeposit):
            assert isinstance(accounts.plan(event), Refusal)


@untimed
@given(histories, fills)
def test_a_known_fill_with_other_values_is_refused(history: list[LedgerEvent], fill: Fill) -> None:
    accounts, _ = write([fill, *history])
    assert isinstance(accounts.plan(msgspec.structs.replace(fill, fee_micro_usd=fill.fee_micro_usd + 1)), Refusal)


anything = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(), st.sampled_from([2**63 - 1, 2**63, -(2**63), 2**64]), st.text(), st.just("\ud800")
)


@pytest.mark.parametrize(
    "event_type",
    [RunStart, RunEnd, OpeningDeposit, OrderIntent, OrderOutcome, Fill, Fee, Funding, Mark, Reconciliation],
    ids=lambda event_type: event_type.__name__,
)
@untimed
@given(data=st.data())
def test_every_event_whatever_it_holds_gets_an_answer_and_changes_nothing(event_type: Any, data: st.DataObject) -> None:
    known = st.sampled_from(["O-1", "BTCUSDT", Side.BUY, Outcome.CLIPPED, 1, 10**8, (), None])
    values = [data.draw(known | anything) for _ in event_type.__struct_fields__]
    accounts, _ = write([Fill("O-1", "a", "BTCUSDT", Side.BUY, 10**8, 10**12, 5)])
    before = repr(accounts)
    decision = accounts.plan(event_type(*values))
    assert isinstance(decision, Plan | Repeat | Refusal)
    assert repr(accounts) == before
    if isinstance(decision, Plan):
        accounts.apply(Content(0, event_type(*values), decision.legs))
        assert all(abs(amount) < 2**63 for amount in accounts.balances.values())


@untimed
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_the_high_water_mark_is_the_highest_equity_and_drawdown_is_rounded_against_us(readings: list[int]) -> None:
    accounts, _ = write([])
    for equity in readings:
        accounts.observe(equity)
    highest = max(DEPOSIT, *readings)
    exact = min(Fraction(1), Fraction(highest - readings[-1], highest))
    assert accounts.high_water_mark_micro_usd == highest
    assert 0 <= accounts.drawdown_ppm - exact * 1_000_000 < 1
