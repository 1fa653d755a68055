"""Average cost by hand: what opens, closes, flips, and which way every micro-dollar rounds."""

import pytest

from dolphin.core.ledger.position import FLAT, Booked, Position, book_fill, notional_micro_usd

BTC = 10**8
USD = 10**8
DOLLAR = 1_000_000


@pytest.mark.parametrize(
    ("position", "qty_e8", "price_e8", "expected"),
    [
        pytest.param(FLAT, BTC, 100 * USD, Booked(Position(BTC, 100 * DOLLAR), 100 * DOLLAR, 0), id="opens long"),
        pytest.param(FLAT, -BTC, 100 * USD, Booked(Position(-BTC, -100 * DOLLAR), -100 * DOLLAR, 0), id="opens short"),
        pytest.param(
            Position(BTC, 100 * DOLLAR),
            BTC,
            200 * USD,
            Booked(Position(2 * BTC, 300 * DOLLAR), 200 * DOLLAR, 0),
            id="adds at its own price",
        ),
        pytest.param(
            Position(2 * BTC, 300 * DOLLAR),
            -BTC,
            160 * USD,
            Booked(Position(BTC, 150 * DOLLAR), -150 * DOLLAR, 10 * DOLLAR),
            id="reduces a long at average cost",
        ),
        pytest.param(
            Position(-2 * BTC, -300 * DOLLAR),
            BTC,
            160 * USD,
            Booked(Position(-BTC, -150 * DOLLAR), 150 * DOLLAR, -10 * DOLLAR),
            id="reduces a short at a loss",
        ),
        pytest.param(
            Position(BTC, 100 * DOLLAR), -BTC, 90 * USD, Booked(FLAT, -100 * DOLLAR, -10 * DOLLAR), id="closes the whole at a loss"
        ),
        pytest.param(
            Position(BTC, 100 * DOLLAR),
            -3 * BTC,
            110 * USD,
            Booked(Position(-2 * BTC, -220 * DOLLAR), -320 * DOLLAR, 10 * DOLLAR),
            id="flips long to short: closes all, opens the rest",
        ),
        pytest.param(
            Position(-BTC, -100 * DOLLAR),
            2 * BTC,
            110 * USD,
            Booked(Position(BTC, 110 * DOLLAR), 210 * DOLLAR, -10 * DOLLAR),
            id="flips short to long",
        ),
        pytest.param(Position(1, 7), -1, USD, Booked(FLAT, -7, -7), id="closes the smallest long, for less than a micro-dollar"),
        pytest.param(Position(-1, -7), 1, USD, Booked(FLAT, 7, 6), id="closes the smallest short"),
        pytest.param(Position(3, 10), -1, USD, Booked(Position(2, 6), -4, -4), id="the cost taken out of a long rounds up"),
        pytest.param(Position(-3, -10), 1, USD, Booked(Position(-2, -7), 3, 2), id="the proceeds kept of a short round down"),
    ],
)
def test_a_fill_does_to_a_position(position: Position, qty_e8: int, price_e8: int, expected: Booked) -> None:
    assert book_fill(position, qty_e8, price_e8) == expected


def test_what_is_paid_rounds_up_and_what_is_received_rounds_down() -> None:
    assert notional_micro_usd(1, 1) == 1
    assert notional_micro_usd(-1, 1) == 0
    assert notional_micro_usd(10**10, 1) == 1
    assert notional_micro_usd(-(10**10), 1) == -1
    assert notional_micro_usd(10**10 + 1, 1) == 2
    assert notional_micro_usd(-(10**10) - 1, 1) == -1


def test_the_value_of_a_position_rounds_down_for_long_and_short() -> None:
    assert Position(1, 0).value_micro_usd(1) == 0
    assert Position(-1, 0).value_micro_usd(1) == -1
