"""What is held and working, and what is taken back when the entitlement falls."""

import pytest

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import (
    Allow,
    Clip,
    Deny,
    DenyReason,
    Exposure,
    Limits,
    Order,
    Style,
    admit,
    cancels,
    cancels_over_cap,
    close,
    fill,
    flatten,
    replace,
)
from dolphin.core.order_gate.exposure import MAX_WORKING, Working
from dolphin.core.units import ONE, ONE_E8, notional_micro

MARKS = {"BTC": 100 * ONE_E8, "ETH": 10 * ONE_E8}
LIMITS = Limits(step_e8=1, min_notional_micro=0)
EQUITY = 1_000 * ONE
APEX = Grant("APEX", 6 * ONE, 6 * ONE, False)


def entry(order_id: str, asset: str = "BTC", qty: int = ONE_E8, style: Style = Style.LIMIT, side: int = 1) -> Order:
    return Order(order_id, asset, side, qty, style, None if style is Style.MARKET else MARKS[asset], False)


def exit_of(order_id: str, asset: str = "BTC", qty: int = ONE_E8, style: Style = Style.POST_ONLY) -> Order:
    return Order(order_id, asset, -1, qty, style, None if style is Style.MARKET else MARKS[asset], True)


def put(exposure: Exposure, *orders: Order, grant: Grant = APEX) -> Exposure:
    for order in orders:
        exposure, decision = admit(exposure, order, grant, EQUITY, MARKS, LIMITS)
        assert not isinstance(decision, Deny), decision
    return exposure


def test_an_admitted_order_counts_in_full_before_the_venue_has_answered() -> None:
    exposure = put(Exposure(), entry("1", qty=30 * ONE_E8))
    assert exposure.exposure_micro(MARKS) == 3_000 * ONE
    _, decision = admit(exposure, entry("2", qty=40 * ONE_E8), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Clip(30 * ONE_E8)


def test_a_clipped_order_reserves_what_was_clipped_to() -> None:
    exposure, decision = admit(Exposure(), entry("1", qty=100 * ONE_E8), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Clip(60 * ONE_E8)
    assert exposure.working["1"].remaining_e8 == 60 * ONE_E8


def test_a_fill_moves_quantity_from_working_to_position_without_changing_exposure() -> None:
    exposure = put(Exposure(), entry("1", qty=10 * ONE_E8))
    half = fill(exposure, "1", "BTC", 1, 5 * ONE_E8)
    assert half.positions == {"BTC": 5 * ONE_E8}
    assert half.exposure_micro(MARKS) == exposure.exposure_micro(MARKS)
    whole = fill(half, "1", "BTC", 1, 5 * ONE_E8)
    assert not whole.working
    assert whole.positions == {"BTC": 10 * ONE_E8}


def test_a_fill_of_an_unknown_order_is_still_counted() -> None:
    assert fill(Exposure(), "?", "BTC", -1, 7).positions == {"BTC": -7}


def test_a_position_that_returns_to_zero_is_gone() -> None:
    assert fill(fill(Exposure(), "1", "BTC", 1, 7), "2", "BTC", -1, 7).positions == {}


def test_closing_releases_the_rest_and_closing_twice_is_harmless() -> None:
    exposure = put(Exposure(), entry("1"))
    closed = close(exposure, "1")
    assert closed.exposure_micro(MARKS) == 0
    assert close(closed, "1") == closed


def test_the_same_id_twice_is_denied() -> None:
    _, decision = admit(put(Exposure(), entry("1")), entry("1"), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Deny(DenyReason.DUPLICATE_ID)


def test_working_orders_are_bounded() -> None:
    one = put(Exposure(), entry("0", qty=1)).working["0"]
    almost_full = Exposure(working={str(n): one for n in range(MAX_WORKING - 1)})
    full, decision = admit(almost_full, entry("the last", qty=1), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Allow()
    _, decision = admit(full, entry("one more", qty=1), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Deny(DenyReason.TOO_MANY_WORKING)


def test_a_held_asset_without_a_mark_makes_the_accounts_exposure_unknown() -> None:
    held = fill(Exposure(), "1", "ETH", 1, ONE_E8)
    _, decision = admit(held, entry("2"), APEX, EQUITY, {"BTC": MARKS["BTC"]}, LIMITS)
    assert decision == Deny(DenyReason.UNKNOWN_EXPOSURE)


@pytest.mark.parametrize("mark", [0, -1, None, 1.0, True])
def test_a_mark_that_is_no_price_makes_exposure_unknown(mark: object) -> None:
    marks: dict[str, int] = {"BTC": MARKS["BTC"], "ETH": mark}  # type: ignore[dict-item]
    assert fill(Exposure(), "1", "ETH", 1, ONE_E8).exposure_micro(marks) is None
    assert put(Exposure(), entry("2", "ETH")).exposure_micro(marks) is None
    assert put(Exposure(), entry("3", "BTC")).exposure_micro(marks) is not None


def test_exits_working_together_never_exceed_the_position() -> None:
    held = fill(Exposure(), "1", "BTC", 1, ONE_E8)
    exposure = put(held, exit_of("2", qty=ONE_E8 - 3))
    exposure, decision = admit(exposure, exit_of("3"), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Clip(3)
    _, decision = admit(exposure, exit_of("4"), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Deny(DenyReason.NOTHING_TO_REDUCE)


def test_only_working_entries_of_the_same_asset_can_be_opposed() -> None:
    exposure = put(fill(Exposure(), "0", "BTC", 1, ONE_E8), exit_of("exit"), entry("btc"))
    put(exposure, entry("more btc"), entry("short eth", "ETH", side=-1))
    _, decision = admit(put(Exposure(), entry("btc")), entry("short btc", side=-1), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Deny(DenyReason.AGAINST_POSITION)


def test_replacing_an_order_frees_its_own_room_but_never_grows_past_the_cap() -> None:
    exposure = put(Exposure(), entry("1", qty=40 * ONE_E8))
    changed, decision = replace(exposure, entry("1", qty=60 * ONE_E8), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Allow()
    assert changed.working["1"].remaining_e8 == 60 * ONE_E8
    kept, decision = replace(exposure, entry("1", qty=60 * ONE_E8 + 1), APEX, EQUITY, MARKS, LIMITS)
    assert decision == Deny(DenyReason.OVER_CAP)
    assert kept == exposure


@pytest.mark.parametrize(
    ("posture", "passive_only", "expected"),
    [
        ("APEX", False, ()),
        ("APEX", True, ("market", "limit")),
        ("STALKER", False, ("market",)),
        ("STALKER", True, ("market", "limit")),
        ("TURTLE", False, ("market", "limit", "post")),
        ("TURTLE", True, ("market", "limit", "post")),
        ("HIBERNATE", False, ("market", "limit", "post", "exit")),
        ("HIBERNATE", True, ("market", "limit", "post", "exit")),
        ("nonsense", False, ("market", "limit", "post", "exit")),
    ],
)
def test_a_posture_takes_back_working_orders_as_the_table_says(posture: str, passive_only: bool, expected: tuple[str, ...]) -> None:
    held = fill(Exposure(), "0", "BTC", 1, ONE_E8)
    orders = (entry("market", style=Style.MARKET), entry("limit"), entry("post", style=Style.POST_ONLY), exit_of("exit"))
    assert cancels(put(held, *orders), posture, passive_only) == expected


def test_a_cap_that_falls_below_the_exposure_takes_back_entries_of_that_asset_only() -> None:
    exposure = put(fill(Exposure(), "0", "BTC", 1, ONE_E8), entry("btc", qty=9 * ONE_E8), entry("eth", "ETH"), exit_of("exit"))
    assert cancels_over_cap(exposure, {"BTC": ONE, "ETH": ONE}, 6 * ONE, EQUITY, MARKS) == ()
    assert cancels_over_cap(exposure, {"BTC": ONE - 1, "ETH": ONE}, 6 * ONE, EQUITY, MARKS) == ("btc",)
    assert cancels_over_cap(exposure, {"ETH": ONE}, 6 * ONE, EQUITY, MARKS) == ("btc",)
    assert cancels_over_cap(exposure, {"BTC": ONE, "ETH": ONE}, ONE, EQUITY, MARKS) == ("btc", "eth")
    assert cancels_over_cap(exposure, {"BTC": ONE, "ETH": ONE}, 6 * ONE, EQUITY, {}) == ("btc", "eth")


def test_flatten_covers_exactly_what_no_exit_covers_yet() -> None:
    exposure = fill(fill(Exposure(), "1", "ETH", -1, 5), "2", "BTC", 1, ONE_E8)
    assert flatten(exposure) == (("BTC", -1, ONE_E8), ("ETH", 1, 5))
    exposure = put(exposure, exit_of("3", qty=ONE_E8 - 2))
    assert flatten(exposure) == (("BTC", -1, 2), ("ETH", 1, 5))
    assert flatten(Exposure()) == ()


def test_notional_rounds_up() -> None:
    assert notional_micro(1, 1) == 1
    assert notional_micro(-ONE_E8, 2 * ONE_E8) == 2 * ONE
    assert notional_micro(0, ONE_E8) == 0


def test_an_assets_own_exposure_is_counted_under_its_cap_and_no_other() -> None:
    held = fill(Exposure(), "1", "ETH", 1, 50 * ONE_E8)
    one_times = Grant("APEX", 6 * ONE, ONE, False)
    exposure, decision = admit(held, entry("2", qty=10 * ONE_E8), one_times, EQUITY, MARKS, LIMITS)
    assert decision == Allow()
    _, decision = admit(exposure, entry("3", qty=1), one_times, EQUITY, MARKS, LIMITS)
    assert decision == Deny(DenyReason.OVER_CAP)


def test_exposure_adds_up_positions_and_entries() -> None:
    held = fill(fill(Exposure(), "1", "ETH", 1, ONE_E8), "2", "BTC", -1, ONE_E8)
    assert held.exposure_micro(MARKS) == 110 * ONE
    assert put(held, entry("3", "ETH", qty=2 * ONE_E8), entry("4", "ETH")).exposure_micro(MARKS) == 140 * ONE


def test_a_working_entry_counts_at_its_own_price_if_that_is_the_worse() -> None:
    dear = Order("1", "BTC", 1, ONE_E8, Style.LIMIT, 300 * ONE_E8, False)
    assert put(Exposure(), dear).exposure_micro(MARKS) == 300 * ONE
    assert put(Exposure(), entry("2", style=Style.MARKET)).exposure_micro(MARKS) == 100 * ONE


def test_an_order_stays_working_down_to_its_last_unit() -> None:
    exposure = fill(put(Exposure(), entry("1", qty=3)), "1", "BTC", 1, 2)
    assert exposure.working["1"].remaining_e8 == 1
    assert fill(exposure, "1", "BTC", 1, 1).working == {}


def test_closing_an_order_leaves_the_others_working() -> None:
    assert list(close(put(Exposure(), entry("1"), entry("2")), "1").working) == ["2"]


@pytest.mark.parametrize(("caps", "equity"), [({"BTC": 0}, EQUITY), ({}, EQUITY), ({"BTC": -1}, EQUITY), ({"BTC": ONE}, 0)])
def test_without_a_cap_or_equity_even_the_smallest_entry_is_taken_back(caps: dict[str, int], equity: int) -> None:
    assert cancels_over_cap(put(Exposure(), entry("1", qty=1)), caps, ONE, equity, MARKS) == ("1",)


def test_caps_of_any_size_are_exact() -> None:
    beyond_floats = 2**53 + 1
    marks = {"BTC": ONE_E8}
    exposure = Exposure(working={"1": Working("BTC", 1, 100 * beyond_floats, Style.LIMIT, ONE_E8, False)})
    assert cancels_over_cap(exposure, {"BTC": ONE}, ONE, beyond_floats, marks) == ()
    assert cancels_over_cap(exposure, {"BTC": ONE}, ONE, beyond_floats - 1, marks) == ("1",)


def test_flatten_leaves_out_what_is_covered_and_closes_the_last_unit() -> None:
    exposure = fill(fill(Exposure(), "1", "ETH", 1, 1), "2", "BTC", 1, ONE_E8)
    assert flatten(put(exposure, exit_of("3"))) == (("ETH", -1, 1),)
