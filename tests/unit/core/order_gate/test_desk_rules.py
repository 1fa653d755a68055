"""What a desk decides beyond one order."""

import pytest

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Allow, Clip, Decision, Deny, DenyReason, Exposure, Limits, Order, Style, Working, admit, fill
from dolphin.core.order_gate.desk import lowered, replaced, to_take_back
from dolphin.core.units import ONE, ONE_E8

APEX = Grant("APEX", 2 * ONE, ONE, False)
LIMITS = Limits(1, 0)
MARKS = {"A": ONE_E8, "B": ONE_E8}
EQUITY = 1_000 * ONE


def order(order_id: str, asset: str = "A", qty: int = 100, *, style: Style = Style.LIMIT, is_exit: bool = False) -> Order:
    price = None if style is Style.MARKET else ONE_E8
    return Order(order_id, asset, -1 if is_exit else 1, qty * ONE_E8, style, price, is_exit)


def working(*orders: Order) -> Exposure:
    exposure = Exposure()
    for each in orders:
        exposure, decision = admit(exposure, each, Grant("APEX", 6 * ONE, 6 * ONE, False), EQUITY, MARKS, LIMITS)
        assert decision == Allow()
    return exposure


@pytest.mark.parametrize(("drawdown_ppm", "left_ppm"), [(-5, ONE), (0, ONE), (100_000, ONE // 2), (10 * ONE, 0)])
def test_a_drawdown_lowers_both_caps_and_nothing_else(drawdown_ppm: int, left_ppm: int) -> None:
    assert lowered(APEX._replace(passive_only=True), drawdown_ppm) == Grant("APEX", 2 * left_ppm, left_ppm, True)


def test_what_the_posture_takes_back_is_looked_up_by_asset() -> None:
    exposure = working(order("1", "A"), order("2", "B"), order("3", "A"))
    grants = {"A": Grant("TURTLE", 2 * ONE, ONE, False), "B": APEX}
    assert to_take_back(exposure, APEX, grants, EQUITY, MARKS) == ("1", "3")


def test_passive_only_takes_back_what_could_still_take() -> None:
    exposure = working(order("1"), order("2", style=Style.POST_ONLY))
    assert to_take_back(exposure, APEX, {"A": APEX._replace(passive_only=True)}, EQUITY, MARKS) == ("1",)


def test_a_cap_takes_back_the_entries_of_its_asset_and_the_accounts_all_of_them() -> None:
    exposure = working(order("1", "A"), order("2", "B"))
    tight = Grant("APEX", 2 * ONE, ONE // 20, False)
    assert to_take_back(exposure, APEX, {"A": tight, "B": APEX}, EQUITY, MARKS) == ("1",)
    assert to_take_back(exposure, tight._replace(account_cap_ppm=ONE // 10), {"A": APEX, "B": APEX}, EQUITY, MARKS) == ("1", "2")
    assert to_take_back(exposure, APEX, {"A": APEX, "B": APEX}, EQUITY, MARKS) == ()


def test_an_order_that_both_take_back_is_named_once_and_oldest_first() -> None:
    exposure = working(order("2", "B"), order("1", "A"))
    nothing = Grant("HIBERNATE", 0, 0, True)
    assert to_take_back(exposure, nothing, {"A": nothing, "B": nothing}, EQUITY, MARKS) == ("2", "1")


def test_exits_stay_where_only_a_cap_fell() -> None:
    held = fill(working(order("1")), "1", "A", 1, 100 * ONE_E8)
    exposure, decision = admit(held, order("2", is_exit=True), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Allow()
    assert to_take_back(exposure, APEX, {"A": APEX._replace(asset_cap_ppm=0)}, 0, MARKS) == ()


@pytest.mark.parametrize(
    ("wanted", "decision", "left"),
    [
        (order("9"), Deny(DenyReason.OVER_CAP), 100),
        (order("1", qty=101), Deny(DenyReason.OVER_CAP), 100),
        (order("1", qty=100), Allow(), 100),
        (order("1", qty=60), Allow(), 60),
    ],
)
def test_new_terms_may_only_shrink_a_working_order(wanted: Order, decision: Decision, left: int) -> None:
    exposure = working(order("1"))
    after, decided = replaced(exposure, wanted, APEX, EQUITY, MARKS, LIMITS)
    assert decided == decision
    assert not isinstance(decided, Clip)
    assert after.working == {"1": Working("A", 1, left * ONE_E8, Style.LIMIT, ONE_E8, False)}


def test_new_terms_that_the_cap_does_not_cover_leave_the_old_ones() -> None:
    exposure = working(order("1"))
    assert replaced(exposure, order("1"), APEX._replace(asset_cap_ppm=ONE // 20), EQUITY, MARKS, LIMITS) == (
        exposure,
        Deny(DenyReason.OVER_CAP),
    )
    assert replaced(exposure, order("1"), APEX, None, MARKS, LIMITS) == (exposure, Deny(DenyReason.UNKNOWN_EQUITY))
    assert replaced(exposure, order("1"), APEX, EQUITY, {}, LIMITS)[1] == Deny(DenyReason.UNKNOWN_PRICE)
    assert replaced(exposure, order("1"), APEX, EQUITY, MARKS, None)[1] == Deny(DenyReason.UNKNOWN_INSTRUMENT)
