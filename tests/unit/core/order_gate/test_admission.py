"""One order against the table: every posture, every boundary, every unknown."""

import itertools
import math
from dataclasses import replace

import pytest

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import TABLE, Allow, Clip, Deny, DenyReason, Limits, Order, Standing, Style, decide
from dolphin.core.units import ONE, ONE_E8

STEP = ONE_E8 // 1000
LIMITS = Limits(step_e8=STEP, min_notional_micro=5 * ONE)
PRICE = 100 * ONE_E8
EQUITY = 10_000 * ONE


def order(style: Style = Style.LIMIT, qty: int = ONE_E8, side: int = 1, *, is_exit: bool = False) -> Order:
    return Order("D-1", "BTCUSDT", side, qty, style, None if style is Style.MARKET else PRICE, is_exit)


def grant(posture: str = "APEX", cap: int = 6 * ONE, *, passive_only: bool = False) -> Grant:
    return Grant(posture, cap, cap, passive_only)


def standing(position: int = 0, exits: int = 0, exposure: int = 0) -> Standing:
    return Standing(position, exits, 0, exposure, exposure, EQUITY, PRICE)


@pytest.mark.parametrize(
    ("posture", "style", "expected"),
    [
        ("APEX", Style.MARKET, Allow()),
        ("APEX", Style.LIMIT, Allow()),
        ("APEX", Style.POST_ONLY, Allow()),
        ("STALKER", Style.MARKET, Deny(DenyReason.STYLE_NOT_PERMITTED)),
        ("STALKER", Style.LIMIT, Allow()),
        ("STALKER", Style.POST_ONLY, Allow()),
        ("TURTLE", Style.MARKET, Deny(DenyReason.NO_ENTRIES)),
        ("TURTLE", Style.LIMIT, Deny(DenyReason.NO_ENTRIES)),
        ("TURTLE", Style.POST_ONLY, Deny(DenyReason.NO_ENTRIES)),
        ("HIBERNATE", Style.MARKET, Deny(DenyReason.NO_ENTRIES)),
        ("HIBERNATE", Style.POST_ONLY, Deny(DenyReason.NO_ENTRIES)),
        ("", Style.POST_ONLY, Deny(DenyReason.UNKNOWN_POSTURE)),
        ("apex", Style.POST_ONLY, Deny(DenyReason.UNKNOWN_POSTURE)),
    ],
)
def test_entries_follow_the_table(posture: str, style: Style, expected: object) -> None:
    assert decide(order(style), grant(posture), standing(), LIMITS) == expected


@pytest.mark.parametrize(
    ("posture", "style", "expected"),
    [
        ("APEX", Style.MARKET, Allow()),
        ("STALKER", Style.MARKET, Allow()),
        ("TURTLE", Style.MARKET, Deny(DenyReason.STYLE_NOT_PERMITTED)),
        ("TURTLE", Style.LIMIT, Deny(DenyReason.STYLE_NOT_PERMITTED)),
        ("TURTLE", Style.POST_ONLY, Allow()),
        ("HIBERNATE", Style.MARKET, Allow()),
        ("HIBERNATE", Style.POST_ONLY, Allow()),
        ("BASK", Style.POST_ONLY, Deny(DenyReason.UNKNOWN_POSTURE)),
    ],
)
def test_exits_follow_the_table_whatever_the_cap(posture: str, style: Style, expected: object) -> None:
    exit_order = order(style, side=-1, is_exit=True)
    assert decide(exit_order, grant(posture, cap=0, passive_only=True), standing(position=ONE_E8), LIMITS) == expected


@pytest.mark.parametrize(
    ("position", "side", "exits", "qty", "expected"),
    [
        (ONE_E8, -1, 0, ONE_E8, Allow()),
        (ONE_E8, -1, 0, 3 * ONE_E8, Clip(ONE_E8)),
        (ONE_E8, -1, ONE_E8 - STEP, ONE_E8, Clip(STEP)),
        (ONE_E8, -1, ONE_E8, STEP, Deny(DenyReason.NOTHING_TO_REDUCE)),
        (ONE_E8, 1, 0, STEP, Deny(DenyReason.NOTHING_TO_REDUCE)),
        (0, 1, 0, STEP, Deny(DenyReason.NOTHING_TO_REDUCE)),
        (0, -1, 0, STEP, Deny(DenyReason.NOTHING_TO_REDUCE)),
        (-ONE_E8, 1, 0, 2 * ONE_E8, Clip(ONE_E8)),
        (-ONE_E8, -1, 0, STEP, Deny(DenyReason.NOTHING_TO_REDUCE)),
    ],
)
def test_an_exit_is_clipped_to_the_uncovered_position_and_never_flips_it(
    position: int, side: int, exits: int, qty: int, expected: object
) -> None:
    assert decide(order(Style.MARKET, qty, side, is_exit=True), grant("HIBERNATE", 0), standing(position, exits), LIMITS) == expected


@pytest.mark.parametrize(
    ("exposure", "qty", "expected"),
    [
        (0, 200 * ONE_E8, Allow()),
        (0, 200 * ONE_E8 + STEP, Clip(200 * ONE_E8)),
        (1, 200 * ONE_E8, Clip(200 * ONE_E8 - STEP)),
        (20_000 * ONE - 5 * ONE, ONE_E8, Clip(ONE_E8 // 20)),
        (20_000 * ONE - 5 * ONE + 1, ONE_E8, Deny(DenyReason.BELOW_MINIMUM)),
        (20_000 * ONE - 1, STEP, Deny(DenyReason.OVER_CAP)),
        (20_000 * ONE, STEP, Deny(DenyReason.OVER_CAP)),
        (20_000 * ONE + 1, STEP, Deny(DenyReason.OVER_CAP)),
    ],
)
def test_an_entry_is_clipped_to_the_room_under_the_cap(exposure: int, qty: int, expected: object) -> None:
    assert decide(order(qty=qty), grant(cap=2 * ONE), standing(exposure=exposure), LIMITS) == expected


@pytest.mark.parametrize(("posture", "most"), [("APEX", 6), ("STALKER", 2)])
def test_a_posture_bounds_leverage_even_if_the_cap_is_higher(posture: str, most: int) -> None:
    assert decide(order(qty=10_000 * ONE_E8), grant(posture, cap=50 * ONE), standing(), LIMITS) == Clip(100 * most * ONE_E8)


def test_the_accounts_room_binds_when_other_assets_hold_it() -> None:
    full_elsewhere = replace(standing(), asset_exposure_micro=0, account_exposure_micro=59_900 * ONE)
    assert decide(order(qty=5 * ONE_E8), grant(), full_elsewhere, LIMITS) == Clip(ONE_E8)


def test_the_assets_cap_binds_when_it_is_lower() -> None:
    assert decide(order(qty=500 * ONE_E8), Grant("APEX", 6 * ONE, ONE, False), standing(), LIMITS) == Clip(100 * ONE_E8)


@pytest.mark.parametrize("style", [Style.MARKET, Style.LIMIT])
def test_passive_only_lets_no_taker_entry_through(style: Style) -> None:
    assert decide(order(style), grant(passive_only=True), standing(), LIMITS) == Deny(DenyReason.PASSIVE_ONLY)
    assert decide(order(Style.POST_ONLY), grant(passive_only=True), standing(), LIMITS) == Allow()


def test_an_entry_may_not_oppose_the_position_or_working_entries() -> None:
    against = Deny(DenyReason.AGAINST_POSITION)
    assert decide(order(side=-1), grant(), standing(position=STEP), LIMITS) == against
    assert decide(order(side=1), grant(), standing(position=-STEP), LIMITS) == against
    assert decide(order(side=-1), grant(), replace(standing(), entries_side=1), LIMITS) == against
    assert decide(order(side=-1), grant(), replace(standing(), entries_side=-1), LIMITS) == Allow()


def test_the_worse_of_limit_price_and_mark_is_counted() -> None:
    marked_higher = replace(standing(), mark_e8=2 * PRICE)
    assert decide(order(qty=1000 * ONE_E8), grant(cap=ONE), marked_higher, LIMITS) == Clip(50 * ONE_E8)
    dear = replace(order(qty=1000 * ONE_E8), price_e8=4 * PRICE)
    assert decide(dear, grant(cap=ONE), standing(), LIMITS) == Clip(25 * ONE_E8)


NOT_NUMBERS = [None, math.nan, math.inf, 1.0, "1", True]


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("position_e8", DenyReason.UNKNOWN_POSITION),
        ("asset_exposure_micro", DenyReason.UNKNOWN_EXPOSURE),
        ("account_exposure_micro", DenyReason.UNKNOWN_EXPOSURE),
        ("equity_micro", DenyReason.UNKNOWN_EQUITY),
        ("mark_e8", DenyReason.UNKNOWN_PRICE),
    ],
)
def test_an_unknown_standing_denies_an_entry(field: str, reason: DenyReason, value: object) -> None:
    assert decide(order(), grant(), replace(standing(), **{field: value}), LIMITS) == Deny(reason)


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("field", ["account_cap_ppm", "asset_cap_ppm"])
def test_an_unknown_cap_denies_an_entry(field: str, value: object) -> None:
    assert decide(order(), grant()._replace(**{field: value}), standing(), LIMITS) == Deny(DenyReason.BAD_GRANT)


@pytest.mark.parametrize("value", [*NOT_NUMBERS[:-1], 0, 1])
def test_passive_only_holds_unless_it_is_plainly_false(value: object) -> None:
    assert decide(order(), grant()._replace(passive_only=value), standing(), LIMITS) == Deny(DenyReason.PASSIVE_ONLY)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("field", ["position_e8", "exits_working_e8"])
def test_an_unknown_position_denies_an_exit(field: str, value: object) -> None:
    exit_order = order(Style.MARKET, side=-1, is_exit=True)
    assert decide(exit_order, grant(), replace(standing(ONE_E8), **{field: value}), LIMITS) == Deny(DenyReason.UNKNOWN_POSITION)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("qty_e8", [*NOT_NUMBERS, 0, -1, STEP + 1]),
        ("price_e8", [*NOT_NUMBERS, 0, -1]),
        ("side", [None, 0, 2, 1.0, True, "BUY"]),
        ("style", [None, "limit", 3]),
        ("is_reduce_only", [None, 0, 1, "no"]),
    ],
)
def test_a_malformed_order_is_denied(field: str, values: list[object]) -> None:
    for value in values:
        assert decide(replace(order(), **{field: value}), grant(), standing(), LIMITS) == Deny(DenyReason.BAD_ORDER), value


def test_a_market_order_with_a_price_is_malformed() -> None:
    assert decide(replace(order(Style.MARKET), price_e8=PRICE), grant(), standing(), LIMITS) == Deny(DenyReason.BAD_ORDER)


@pytest.mark.parametrize("limits", [None, Limits(0, 0), Limits(-1, 0), Limits(1.0, 0), Limits(STEP, math.nan)])  # type: ignore[arg-type]
def test_an_unknown_instrument_denies(limits: Limits | None) -> None:
    assert decide(order(), grant(), standing(), limits) == Deny(DenyReason.UNKNOWN_INSTRUMENT)


@pytest.mark.parametrize(("cap", "equity"), [(0, EQUITY), (-1, EQUITY), (6 * ONE, 0), (6 * ONE, -1)])
def test_no_cap_or_no_equity_means_no_entry(cap: int, equity: int) -> None:
    assert decide(order(), grant(cap=cap), replace(standing(), equity_micro=equity), LIMITS) == Deny(DenyReason.CAP_IS_ZERO)


@pytest.mark.parametrize("mark", [0, -1])
def test_a_price_that_is_none_is_unknown(mark: int) -> None:
    assert decide(order(), grant(), replace(standing(), mark_e8=mark), LIMITS) == Deny(DenyReason.UNKNOWN_PRICE)


def test_a_negative_cover_is_unknown() -> None:
    exit_order = order(Style.MARKET, side=-1, is_exit=True)
    assert decide(exit_order, grant(), standing(ONE_E8, exits=-1), LIMITS) == Deny(DenyReason.UNKNOWN_POSITION)


@pytest.mark.parametrize("posture", [None, [], {}, 0, math.nan])
def test_a_posture_that_is_no_name_denies(posture: object) -> None:
    for is_exit in (True, False):
        wanted = grant()._replace(posture=posture)  # type: ignore[arg-type]
        assert decide(order(is_exit=is_exit), wanted, standing(), LIMITS) == Deny(DenyReason.UNKNOWN_POSTURE)


def test_exposures_that_contradict_each_other_are_unknown() -> None:
    for asset, account in [(-1, 0), (2, 1)]:
        contradicting = replace(standing(), asset_exposure_micro=asset, account_exposure_micro=account)
        assert decide(order(), grant(), contradicting, LIMITS) == Deny(DenyReason.UNKNOWN_EXPOSURE)


def test_the_table_has_the_four_postures_and_only_falls() -> None:
    assert list(TABLE) == ["APEX", "STALKER", "TURTLE", "HIBERNATE"]
    rows = list(TABLE.values())
    assert [row.max_leverage_ppm for row in rows] == [6 * ONE, 2 * ONE, 0, 0]
    assert all(worse.entries <= better.entries for better, worse in itertools.pairwise(rows))


def test_an_exit_may_close_the_last_unit() -> None:
    last = order(Style.MARKET, qty=1, side=-1, is_exit=True)
    assert decide(last, grant(), standing(position=1), Limits(1, 0)) == Allow()


def test_a_position_too_large_for_a_float_is_judged_all_the_same() -> None:
    assert decide(order(side=-1), grant(), standing(position=10**400), LIMITS) == Deny(DenyReason.AGAINST_POSITION)


@pytest.mark.parametrize(("cap", "equity", "room_micro"), [(1, EQUITY, 10_000), (6 * ONE, 1, 6), (ONE, 1, 1)])
def test_the_smallest_cap_and_the_smallest_equity_leave_their_room(cap: int, equity: int, room_micro: int) -> None:
    at_one_dollar = replace(order(qty=10**15), price_e8=ONE_E8)
    meets = replace(standing(), equity_micro=equity, mark_e8=ONE_E8)
    assert decide(at_one_dollar, grant(cap=cap), meets, Limits(1, 0)) == Clip(100 * room_micro)


def test_what_the_asset_holds_takes_room_under_its_own_cap() -> None:
    holds = replace(standing(), asset_exposure_micro=9_000 * ONE, account_exposure_micro=9_000 * ONE)
    assert decide(order(qty=500 * ONE_E8), Grant("APEX", 6 * ONE, ONE, False), holds, LIMITS) == Clip(10 * ONE_E8)


@pytest.mark.parametrize("account_holds", [0, 1])
def test_room_of_any_size_is_exact(account_holds: int) -> None:
    equity = 2**53 + 1  # micro-dollars that a float cannot hold
    at_one_dollar = replace(order(qty=10**24), price_e8=ONE_E8)
    meets = replace(standing(), equity_micro=equity, mark_e8=ONE_E8, account_exposure_micro=account_holds)
    caps = Grant("APEX", ONE if account_holds else 2 * ONE, ONE, False)
    assert decide(at_one_dollar, caps, meets, Limits(1, 0)) == Clip(100 * (equity - account_holds))
