"""No sequence of orders, fills, cancels and cap changes takes the account past its cap or through zero."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import TABLE, Clip, Deny, Exposure, Limits, Order, Standing, Style, admit, close, decide, fill
from dolphin.core.units import ONE

ASSETS = ("A", "B")
LIMITS = Limits(step_e8=10, min_notional_micro=3)
quantities = st.integers(-5, 10**12)
prices = st.integers(1, 10**10)


@dataclass
class Account:
    """The environment: it fills and cancels whatever the order gate has admitted, in any order and in any parts."""

    exposure: Exposure
    equity: int
    marks: dict[str, int]


steps = st.one_of(
    st.tuples(
        st.just("order"),
        st.sampled_from(ASSETS),
        st.sampled_from((1, -1)),
        quantities,
        st.sampled_from(Style),
        prices,
        st.booleans(),
        st.sampled_from([*TABLE, "NONE"]),
        st.integers(-ONE, 8 * ONE),
        st.integers(-ONE, 8 * ONE),
        st.booleans(),
    ),
    st.tuples(st.just("fill"), st.integers(0, 50), st.integers(1, 10**12)),
    st.tuples(st.just("close"), st.integers(0, 50)),
    st.tuples(st.just("mark"), st.sampled_from(ASSETS), prices),
    st.tuples(st.just("equity"), st.integers(-1, 10**9)),
)


def place(account: Account, order_id: str, step: tuple[Any, ...]) -> None:
    _, asset, side, qty, style, price, is_exit, posture, account_cap, asset_cap, passive_only = step
    order = Order(order_id, asset, side, qty, style, None if style is Style.MARKET else price, is_exit)
    grant = Grant(posture, account_cap, asset_cap, passive_only)
    before = account.exposure
    account.exposure, decision = admit(before, order, grant, account.equity, account.marks, LIMITS)
    if isinstance(decision, Deny):
        assert account.exposure == before
        return
    allowed = decision.qty_e8 if isinstance(decision, Clip) else qty
    assert 0 < allowed <= qty
    assert account.exposure.working[order_id].remaining_e8 == allowed
    if is_exit:
        assert before.positions.get(asset, 0) * side < 0
        return
    rule = TABLE[posture]
    assert style in rule.entries
    assert style is Style.POST_ONLY or not passive_only
    for name, cap in ((asset, min(asset_cap, account_cap)), (None, account_cap)):
        exposure_micro = account.exposure.exposure_micro(account.marks, name)
        assert exposure_micro is not None
        assert exposure_micro * ONE <= min(cap, rule.max_leverage_ppm) * account.equity


def deal(account: Account, pick: int, qty: int) -> None:
    if not account.exposure.working:
        return
    ids = sorted(account.exposure.working)
    order_id = ids[pick % len(ids)]
    working = account.exposure.working[order_id]
    before = account.exposure.positions.get(working.asset, 0)
    account.exposure = fill(account.exposure, order_id, working.asset, working.side, min(qty, working.remaining_e8))
    after = account.exposure.positions.get(working.asset, 0)
    assert before * after >= 0, "a fill took the position through zero"
    if working.is_reduce_only:
        assert abs(after) < abs(before)


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40))
def test_no_sequence_exceeds_the_cap_at_admission_or_flips_a_position(sequence: list[tuple[Any, ...]]) -> None:
    account = Account(Exposure(), 10**8, dict.fromkeys(ASSETS, 10**8))
    for number, step in enumerate(sequence):
        match step[0]:
            case "order":
                place(account, str(number), step)
            case "fill":
                deal(account, step[1], step[2])
            case "close" if account.exposure.working:
                ids = sorted(account.exposure.working)
                account.exposure = close(account.exposure, ids[step[1] % len(ids)])
            case "mark":
                account.marks[step[1]] = step[2]
            case "equity":
                account.equity = step[1]
        for asset in ASSETS:
            assert account.exposure.exits_working_e8(asset) <= abs(account.exposure.positions.get(asset, 0))


anything: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.sampled_from(Style), st.sampled_from(list(TABLE))
)


@settings(max_examples=500, deadline=None)
@given(st.lists(anything, min_size=18, max_size=20))
def test_the_gate_answers_whatever_it_is_given(values: list[Any]) -> None:
    order = Order("1", "A", *values[0:5])
    limits = Limits(*values[16:18]) if len(values) > 18 else LIMITS
    decision = decide(order, Grant(*values[5:9]), Standing(*values[9:16]), limits)
    assert isinstance(decision, Deny) or order.qty_e8 > 0


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 10**12).map(lambda n: n * 10),
    prices,
    st.integers(0, 10**9),
    st.integers(1, 8 * ONE),
    st.integers(0, 8 * ONE),
    quantities,
)
def test_a_lower_cap_never_lets_a_larger_order_through(qty: int, mark: int, equity: int, cap: int, cut: int, exposure: int) -> None:
    def allowed(cap_ppm: int) -> int:
        standing = Standing(0, 0, 0, exposure, exposure, equity, mark)
        decision = decide(Order("1", "A", 1, qty, Style.MARKET, None, False), Grant("APEX", cap_ppm, cap_ppm, False), standing, LIMITS)
        return decision.qty_e8 if isinstance(decision, Clip) else 0 if isinstance(decision, Deny) else qty

    assert allowed(max(0, cap - cut)) <= allowed(cap)
