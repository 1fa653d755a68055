"""The ranked basket: what it wishes, given what it sees."""

import pytest

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Exposure, Limits, Style
from dolphin.core.placing.basket import Basket, BasketTerms, BasketView, ToCancel, ToSend, Wish
from dolphin.core.placing.choice import Choice, Purpose
from dolphin.core.placing.placer import Resting
from dolphin.core.placing.sizer import AlphaBetSizer
from dolphin.core.placing.view import Ranked, Ranking, Touch
from dolphin.core.units import ONE, ONE_E8

SECOND = 1_000_000_000
PRICE = 100 * ONE_E8
TOUCH = Touch(PRICE - ONE_E8, PRICE, ONE_E8, ONE_E8)
FREE = Grant("APEX", 2 * ONE, 2 * ONE, False)
LIMITS = Limits(ONE_E8 // 100, 5 * ONE)
SURE = AlphaBetSizer(base_conviction=1.0)
UNTOLD = Choice(Purpose.FLATTEN)
"""Where a test looks at what is wished and not why."""
FULL = 10 * ONE_E8  # half of 2x of 1,000 USD at 100 USD


def ranking(*assets: str) -> Ranking:
    return Ranking(1, tuple(Ranked(asset, 1.0, 0.0, 1e-4) for asset in assets))


class Seen:
    """A basket of A, B and C, and what it sees; a test changes it."""

    def __init__(self) -> None:
        self.basket = Basket(dict.fromkeys("ABC", LIMITS), BasketTerms(), SURE)
        self.now_ns = 10 * SECOND
        self.touches = dict.fromkeys("ABC", TOUCH)
        self.ranking: Ranking | None = ranking("A", "B", "C")
        self.held: dict[str, int] = {}
        self.equity: int | None = 1_000 * ONE
        self.grants: dict[str, Grant] = {}
        self.resting: dict[str, Resting] = {}
        self.chosen: list[Wish] = []

    def wishes(self) -> list[Wish]:
        def grant(asset: str) -> Grant:
            return self.grants.get(asset, FREE)

        view = BasketView(self.now_ns, self.touches, {}, self.ranking, Exposure(positions=self.held), self.equity, grant)
        self.chosen = self.basket.step(view, self.resting)
        return [wish._replace(choice=UNTOLD) if isinstance(wish, ToSend) else wish for wish in self.chosen]

    def choices(self) -> list[Choice]:
        """Why the wishes of a moment have been made."""
        self.wishes()
        return [wish.choice for wish in self.chosen if isinstance(wish, ToSend)]


def buy(asset: str, qty: int = FULL, style: Style = Style.MARKET, price: int | None = None) -> ToSend:
    return ToSend(asset, 1, qty, style, price, False, UNTOLD)


def sell(asset: str, qty: int, style: Style = Style.MARKET, price: int | None = None) -> ToSend:
    return ToSend(asset, -1, qty, style, price, True, UNTOLD)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_the_best_ranked_that_may_be_held_are_bought_in_the_order_of_names(seen: Seen) -> None:
    assert seen.wishes() == [buy("A"), buy("B")]
    seen.now_ns += 2 * SECOND
    seen.grants["A"] = FREE._replace(asset_cap_ppm=0)
    assert seen.wishes() == [buy("B"), buy("C")]


def test_without_a_ranking_a_price_or_an_equity_nothing_is_bought(seen: Seen) -> None:
    seen.equity = None
    assert seen.wishes() == []
    seen.equity, seen.touches = 1_000 * ONE, {}
    assert seen.wishes() == []
    seen.touches, seen.ranking = dict.fromkeys("ABC", TOUCH), None
    assert seen.wishes() == []


def test_an_asset_that_may_not_be_traded_is_not_wished_for_whatever_its_rank(seen: Seen) -> None:
    seen.ranking = ranking("Z", "A")
    assert seen.wishes() == [buy("A")]


def test_what_lost_its_rank_is_sold(seen: Seen) -> None:
    seen.held = {"C": FULL, "A": FULL, "B": FULL}
    assert seen.wishes() == [sell("C", FULL)]


@pytest.mark.parametrize(("held", "wish"), [(8, 0), (12, 0), (7, 3), (13, -3)])
def test_a_position_within_the_band_is_left_alone(seen: Seen, held: int, wish: int) -> None:
    seen.ranking, seen.held = ranking("A"), {"A": held * ONE_E8}
    expected = {0: [], 3: [buy("A", 3 * ONE_E8)], -3: [sell("A", 3 * ONE_E8)]}
    assert seen.wishes() == expected[wish]


def test_what_is_above_the_cap_is_sold_down_to_it_even_within_the_band(seen: Seen) -> None:
    seen.ranking, seen.held = ranking("A"), {"A": 11 * ONE_E8}
    seen.basket.terms = BasketTerms(basket_size=1)
    seen.grants["A"] = FREE._replace(asset_cap_ppm=ONE)
    assert seen.wishes() == [sell("A", ONE_E8)]


def test_a_gap_below_the_venues_minimum_is_no_order(seen: Seen) -> None:
    seen.ranking, seen.equity = ranking("A"), 4 * ONE
    assert seen.wishes() == []


def test_stalker_rests_at_the_bid_and_turtle_leaves_at_the_ask(seen: Seen) -> None:
    seen.ranking = ranking("A")
    seen.grants["A"] = FREE._replace(posture="STALKER")
    assert seen.wishes() == [buy("A", style=Style.POST_ONLY, price=TOUCH.bid_e8)]
    seen.grants["A"] = FREE._replace(posture="TURTLE")
    seen.held = {"A": FULL}
    assert seen.wishes() == [sell("A", FULL, Style.POST_ONLY, TOUCH.ask_e8)]


def test_an_asset_is_tried_again_after_a_second_and_an_exit_does_not_wait_for_an_entry(seen: Seen) -> None:
    seen.ranking = ranking("A")
    assert seen.wishes() == [buy("A")]
    seen.now_ns += SECOND - 1
    assert seen.wishes() == []
    seen.held, seen.ranking = {"A": ONE_E8}, ranking()
    assert seen.wishes() == [sell("A", ONE_E8)]
    seen.held, seen.ranking = {}, ranking("A")
    seen.now_ns += 1
    assert seen.wishes() == [buy("A")]


def test_while_an_order_of_an_asset_is_under_way_there_is_no_other_and_an_outdated_one_is_cancelled(seen: Seen) -> None:
    seen.ranking = ranking("A")
    seen.resting = {"1": Resting("A", False, Style.MARKET, None, seen.now_ns)}
    assert seen.wishes() == []
    seen.ranking = ranking()
    assert seen.wishes() == [ToCancel("1")]


def test_an_entry_says_its_rank_and_the_terms_of_its_target(seen: Seen) -> None:
    first, second = seen.choices()
    assert first == Choice(Purpose.ENTER, 1, 1_000 * ONE, 2 * ONE, ONE // 2, ONE, ONE, FULL, 0)
    assert second.rank == 2


def test_the_terms_of_a_choice_make_its_target(seen: Seen) -> None:
    seen.basket = Basket(dict.fromkeys("ABC", LIMITS), BasketTerms(), AlphaBetSizer())
    seen.ranking = Ranking(1, (Ranked("A", 1.0, 3.0, 8e-4),))
    (choice,) = seen.choices()
    share = choice.weight_ppm * choice.conviction_ppm * choice.scale_ppm / ONE**3
    target_micro = choice.equity_micro_usd * choice.cap_ppm / ONE * share
    assert choice.scale_ppm == ONE // 2
    assert choice.target_e8 == pytest.approx(target_micro / ONE / 100 * ONE_E8, abs=LIMITS.step_e8)


@pytest.mark.parametrize(
    ("change", "purpose"),
    [
        ({"held": {"A": FULL // 2}}, Purpose.ADD),
        ({"held": {"A": FULL * 3 // 2}}, Purpose.REDUCE),
        ({"held": {"A": 3 * FULL}, "grants": {"A": FREE._replace(asset_cap_ppm=ONE)}}, Purpose.REDUCE),
        ({"held": {"A": FULL}, "ranking": ranking("B", "C", "A")}, Purpose.OUTRANKED),
        ({"held": {"A": FULL}, "grants": {"A": FREE._replace(asset_cap_ppm=0)}}, Purpose.NOT_ENTITLED),
        ({"held": {"A": FULL}, "grants": {"A": FREE._replace(posture="TURTLE")}}, Purpose.NOT_ENTITLED),
        ({"held": {"A": FULL}, "equity": None}, Purpose.NOT_MEASURED),
    ],
)
def test_an_order_says_what_it_is_for(seen: Seen, change: dict[str, object], purpose: Purpose) -> None:
    for name, value in change.items():
        setattr(seen, name, value)
    seen.wishes()
    (order,) = [wish for wish in seen.chosen if isinstance(wish, ToSend) and wish.asset == "A"]
    assert order.choice.purpose is purpose
    assert order.choice.held_e8 == seen.held["A"]


def test_what_only_the_cap_takes_says_so(seen: Seen) -> None:
    seen.basket = Basket(dict.fromkeys("ABC", LIMITS), BasketTerms(basket_size=1), AlphaBetSizer(base_conviction=0.95))
    seen.held, seen.ranking = {"A": 21 * ONE_E8}, ranking("A")  # the cap is 20, the target 19, and within the band of what is held
    (choice,) = seen.choices()
    assert choice.purpose is Purpose.OVER_CAP
