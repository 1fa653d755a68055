"""The order-book synchroniser against Binance's rule for USD-M, update by update."""

import pytest

from dolphin.core.market.binance.frames import DepthSnapshot, DepthUpdate, Level
from dolphin.core.market.book import BAND, MAX_HELD, MAX_LEVELS, TRANSITIONS, BookChange, Fit, OrderBook, Phase


def snapshot(last_id: int, bids: list[Level] | None = None, asks: list[Level] | None = None) -> DepthSnapshot:
    return DepthSnapshot("BTCUSDT", last_id, bids or [(99.0, 1.0)], asks or [(101.0, 1.0)], 10)


def update(first_id: int, last_id: int, previous_id: int, bids: list[Level] | None = None, asks: list[Level] | None = None) -> DepthUpdate:
    return DepthUpdate("BTCUSDT", first_id, last_id, previous_id, bids or [], asks or [], 20)


def synced(last_id: int = 100) -> OrderBook:
    book = OrderBook()
    book.on_snapshot(snapshot(last_id))
    assert book.on_update(update(last_id, last_id, last_id - 1)) is BookChange.APPLIED
    return book


def test_the_table_has_an_answer_for_every_situation() -> None:
    assert set(TRANSITIONS) == {(phase, fit) for phase in Phase for fit in Fit}


def test_a_book_without_a_snapshot_is_never_synchronised() -> None:
    book = OrderBook()
    for number in range(1, 50):
        assert book.on_update(update(number, number, number - 1)) is BookChange.HELD
    assert not book.is_synced
    assert book.wants_snapshot


def test_a_snapshot_alone_is_no_book_yet() -> None:
    book = OrderBook()
    assert book.on_snapshot(snapshot(100)) is BookChange.LOADED
    assert not book.is_synced


@pytest.mark.parametrize(
    ("first_id", "last_id", "previous_id", "outcome", "phase"),
    [
        (90, 99, 89, BookChange.DROPPED, Phase.BRIDGING),
        (90, 100, 89, BookChange.APPLIED, Phase.SYNCED),
        (100, 100, 99, BookChange.APPLIED, Phase.SYNCED),
        (100, 110, 99, BookChange.APPLIED, Phase.SYNCED),
        (101, 110, 100, BookChange.APPLIED, Phase.SYNCED),
        (105, 110, 100, BookChange.APPLIED, Phase.SYNCED),
        (101, 110, 99, BookChange.HELD, Phase.WAITING),
        (105, 110, 104, BookChange.HELD, Phase.WAITING),
    ],
)
def test_the_first_update_must_overlap_the_snapshot(
    first_id: int, last_id: int, previous_id: int, outcome: BookChange, phase: Phase
) -> None:
    book = OrderBook()
    book.on_snapshot(snapshot(100))
    assert book.on_update(update(first_id, last_id, previous_id)) is outcome
    assert book.phase is phase


def test_updates_held_before_the_snapshot_are_applied_from_the_one_that_overlaps_it() -> None:
    book = OrderBook()
    book.on_update(update(80, 90, 79, bids=[(98.0, 9.0)]))
    book.on_update(update(91, 105, 90, bids=[(97.0, 7.0)]))
    book.on_update(update(106, 110, 105, asks=[(102.0, 5.0)]))
    assert book.on_snapshot(snapshot(100)) is BookChange.APPLIED
    assert book.last_id == 110
    assert book.top(10) == ([(99.0, 1.0), (97.0, 7.0)], [(101.0, 1.0), (102.0, 5.0)])


def test_a_snapshot_older_than_the_held_updates_does_not_synchronise_and_another_is_wanted() -> None:
    book = OrderBook()
    book.on_update(update(120, 130, 119))
    assert book.on_snapshot(snapshot(100)) is BookChange.HELD
    assert book.wants_snapshot
    assert book.on_snapshot(snapshot(125)) is BookChange.APPLIED


@pytest.mark.parametrize(("first_id", "last_id", "previous_id"), [(111, 120, 105), (50, 60, 49), (90, 95, 89), (101, 99, 100)])
def test_an_update_that_does_not_continue_loses_the_book(first_id: int, last_id: int, previous_id: int) -> None:
    book = synced(100)
    assert book.on_update(update(first_id, last_id, previous_id)) is BookChange.LOST
    assert not book.is_synced


def test_the_last_update_said_twice_changes_nothing() -> None:
    book = synced(100)
    book.on_update(update(101, 110, 100, bids=[(98.0, 2.0)]))
    assert book.on_update(update(101, 110, 100, bids=[(98.0, 2.0)])) is BookChange.DROPPED
    assert book.is_synced


def test_a_lost_book_comes_back_with_a_snapshot_that_covers_what_was_missed() -> None:
    book = synced(100)
    assert book.on_update(update(111, 120, 110)) is BookChange.LOST
    assert book.on_update(update(121, 130, 120)) is BookChange.HELD
    assert book.on_snapshot(snapshot(115)) is BookChange.APPLIED
    assert book.last_id == 130


def test_a_book_that_crosses_is_lost() -> None:
    book = synced(100)
    assert book.on_update(update(101, 110, 100, bids=[(101.0, 1.0)])) is BookChange.LOST
    assert not book.is_synced


def test_a_broken_connection_loses_the_book_and_what_was_held() -> None:
    book = synced(100)
    assert book.on_disconnect() is BookChange.LOST
    assert not book.wants_snapshot
    assert book.on_disconnect() is BookChange.HELD
    assert book.on_update(update(101, 110, 100)) is BookChange.HELD


def test_a_quantity_of_zero_removes_the_level_and_an_unknown_one_is_harmless() -> None:
    book = synced(100)
    book.on_update(update(101, 102, 100, bids=[(99.0, 0.0), (42.0, 0.0), (98.5, 3.0)]))
    assert book.top(5)[0] == [(98.5, 3.0)]


def test_depth_is_the_notional_within_ten_basis_points_of_the_mid_inclusive() -> None:
    mid = 100.0
    bids = [(99.99, 1.0), (mid * (1 - BAND), 2.0), (99.89, 100.0)]
    asks = [(100.01, 3.0), (mid * (1 + BAND), 4.0), (100.11, 100.0)]
    book = OrderBook()
    book.on_snapshot(snapshot(100, bids, asks))
    book.on_update(update(100, 100, 99))
    bid_usd, ask_usd = book.depth_usd()
    assert bid_usd == pytest.approx(99.99 + 2 * mid * (1 - BAND))
    assert ask_usd == pytest.approx(3 * 100.01 + 4 * mid * (1 + BAND))


def test_an_empty_side_is_no_depth_on_either() -> None:
    book = synced(100)
    book.on_update(update(101, 102, 100, bids=[(99.0, 0.0)]))
    assert book.depth_usd() == (0.0, 0.0)


def test_held_updates_and_levels_are_bounded() -> None:
    book = OrderBook()
    for number in range(2 * MAX_HELD):
        book.on_update(update(number, number, number - 1))
    assert book.on_snapshot(snapshot(2 * MAX_HELD - 1)) is BookChange.APPLIED
    book.on_update(update(2 * MAX_HELD, 2 * MAX_HELD, 2 * MAX_HELD - 1, bids=[(1.0 + n * 1e-3, 1.0) for n in range(MAX_LEVELS + 50)]))
    bids, _ = book.top(2 * MAX_LEVELS)
    assert len(bids) == MAX_LEVELS
    assert bids[0] == (99.0, 1.0)
