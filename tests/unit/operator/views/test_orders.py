"""An order is one record from its wish to its end, and says why and why so much."""

from itertools import permutations

import pytest
from a_run import START, S, agent_lines, report

from dolphin.core.contract.lines import Line
from dolphin.operator.views.orders import KEPT, Orders, what_became, why_so_much, why_wanted


def orders() -> dict[str, Line]:
    return {order["order_id"]: order for order in report()["order_list"]}


def test_a_filled_entry_says_its_price_its_time_and_the_terms_of_its_size() -> None:
    order = orders()["D-1-1"]
    assert what_became(order) == "filled at 61000 after 0.2 s"
    assert why_wanted(order) == "ranked 1, not held"
    assert why_so_much(order) == "100,000 USD x 6.00x x 50 % weight x 35 % conviction x 83 % for its volatility"


def test_a_clipped_order_that_was_taken_back_says_both() -> None:
    assert what_became(orders()["D-1-2"]) == "clipped from 20; cancelled after 35 s"


def test_a_denied_order_says_why_in_words() -> None:
    assert what_became(orders()["D-1-3"]) == "denied: the cap is used up"


def test_an_exit_says_that_everything_is_closed() -> None:
    order = orders()["D-1-4"]
    assert (why_wanted(order), why_so_much(order)) == ("HIBERNATE: close everything", "all of it")
    assert order["pnl_micro_usd"] == -50_000_000


def test_a_market_order_that_took_what_the_touch_held_is_no_cancel() -> None:
    told = orders()["D-1-1"] | {"outcome": "cancelled", "filled_qty": "0.2"}
    assert what_became(told) == "filled 0.2 of 0.5 at 61000 after 0.2 s: the touch held no more"


def test_the_reason_may_come_before_or_after_the_order() -> None:
    lines = [line for line in agent_lines() if line.get("order_id") == "D-1-1"]
    kinds = {line["type"]: line for line in lines}
    for first, second in permutations(("order", "chosen")):
        folded = Orders()
        for kind in (first, second, "fill"):
            folded.read(kinds[kind])
        assert folded.by_id["D-1-1"].to_json() == orders()["D-1-1"]


def test_fills_add_up_to_an_average_price() -> None:
    folded = Orders()
    wanted = next(line for line in agent_lines() if line["type"] == "order")
    folded.read(wanted)
    for qty, price in (("0.1", "60000"), ("0.3", "62000")):
        fill = {"type": "fill", "order_id": "D-1-1", "market_time_ns": START + 70 * S, "qty": qty, "price": price}
        folded.read(fill | {"fee_micro_usd": 3, "pnl_micro_usd": None})
    order = folded.by_id["D-1-1"]
    assert (order.filled_qty, order.filled_price, order.fee_micro_usd, order.outcome) == ("0.4", "61500", 6, "working")


@pytest.mark.parametrize("kind", ["fill", "denied", "cancelled", "clipped", "lost"])
def test_a_line_about_an_order_that_is_not_known_says_nothing(kind: str) -> None:
    folded = Orders()
    folded.read({"type": kind, "order_id": "X", "market_time_ns": 1})
    assert folded.by_id == {}


def test_of_very_many_orders_the_oldest_that_have_ended_are_let_go_of() -> None:
    folded = Orders()
    wanted = next(line for line in agent_lines() if line["type"] == "order")
    for number in range(KEPT + 5):
        order_id = f"D-1-{number}"
        folded.read(wanted | {"order_id": order_id})
        if number:  # the first stays at work
            folded.read({"type": "denied", "order_id": order_id, "market_time_ns": START, "reason": "over_cap"})
    assert len(folded.by_id) == KEPT
    assert folded.forgotten == 5
    assert "D-1-0" in folded.by_id
    assert "D-1-1" not in folded.by_id
