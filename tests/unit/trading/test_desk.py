"""Each thing that the desk does is told once in all its places: ledger, journal, trace. What cannot be booked does not leave."""

from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from dolphin.core.audit.journal import Line
from dolphin.core.audit.trace import TraceEvent
from dolphin.core.contract.batch import BatchInfo
from dolphin.core.contract.packing import unpack
from dolphin.core.control.belief import Grant
from dolphin.core.control.command import Command, encode
from dolphin.core.control.posture import Posture
from dolphin.core.ledger import chain
from dolphin.core.ledger.events import Outcome, kind
from dolphin.core.order_gate import Allow, Clip, Deny, DenyReason, Limits, Order, Style
from dolphin.core.placing.view import Ranked, Ranking, Touch
from dolphin.core.units import ONE, ONE_E8
from dolphin.errors import DolphinError
from dolphin.host.tasks import beside
from dolphin.trading.alarm import Alarm
from dolphin.trading.booking import Booking
from dolphin.trading.desk import Desk
from dolphin.trading.entitlement import Entitlements
from dolphin.trading.inbound import Features
from dolphin.trading.telling import Telling

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
LIMITS = Limits(ONE_E8 // 1_000, 5 * ONE)
HIBERNATING = Grant("HIBERNATE", 0, 0, True)


class Place:
    """A desk with real parts around it; its clock stands still, and everything it tells is kept."""

    def __init__(self, home: Path, run_id: str = "run-1") -> None:
        self.booking = Booking.open(home / "ledger.sqlite", account="paper", run_id=run_id, opening_deposit_micro=1_000 * ONE)
        self._ledger = home / "ledger.sqlite"
        self.lines: list[Line] = []
        self.trace: list[TraceEvent] = []
        self.told: list[bytes] = []
        self.desk = Desk(self.booking, Telling(self.booking.ledger, self.lines.append, self.trace.append), {"A": LIMITS})
        self.desk.alarm = Alarm(self._hear)
        self.desk.entitlements = Entitlements(
            "paper", ["A", "B"], speed=1.0, silence_limit_ns=5 * SECOND, monotonic_ns=lambda: 0, on_effects=self.desk.tell_effects
        )
        self._said = (0, 0, 0)
        self.fills = 0

    async def hear_alarm(self) -> list[str]:
        """The reasons that the governor was told so far."""
        async with beside(self.desk.alarm.run()):
            await self.desk.alarm.settled()
        return [unpack(signal)["reason"] for signal in self.told]

    async def _hear(self, signal: bytes) -> None:
        self.told.append(signal)

    def open(self) -> None:
        """A first batch, and 2x for account and A."""
        self.desk.entitlements.observe(T0, "A@bookTicker#1")
        self.quote(99, 100)
        for seq, asset in enumerate(("", "A"), 1):
            lease = ("because",), ("A@trade#1",), T0, T0 + 60 * SECOND, 0
            command = Command("paper", asset, 1, seq, Posture.APEX, 2 * ONE, ONE, (ONE,) * 5, False, *lease)
            assert self.desk.entitlements.apply(encode(command)) is not None
        self.news()

    def quote(self, bid: int, ask: int, at_ns: int = T0) -> None:
        touch = Touch(bid * ONE_E8, ask * ONE_E8, ONE_E8, ONE_E8)
        self.desk.take_features(Features(BatchInfo("0", 1, at_ns), {"A": touch}, {"A": 0.001}, "A@bookTicker#1"))

    def buy(self, order_id: str, units: int, style: Style | None = Style.MARKET, price: int | None = None) -> Order:
        return Order(order_id, "A", 1, units * ONE_E8, style, None if price is None else price * ONE_E8, False)

    def fill(self, order_id: str, qty_e8: int, price: int = 100, sign: int = 1) -> None:
        self.fills += 1
        terms = {"sign": sign, "qty_e8": qty_e8, "price_e8": price * ONE_E8}
        self.desk.filled(order_id, f"f-{self.fills}", asset="A", fee_micro=ONE, is_maker=False, **terms)

    def news(self) -> tuple[list[str], list[str], list[str]]:
        """Kinds of rows, of lines and of trace events since the last call."""
        rows = [kind(chain.content_of(record).event) for record in self.booking.ledger.records()]
        lines = [line["type"] for line in self.lines]
        events = [type(event).__struct_config__.tag for event in self.trace]
        since, self._said = self._said, (len(rows), len(lines), len(events))
        return rows[since[0] :], lines[since[1] :], [str(event) for event in events[since[2] :]]

    def lose_ledger(self) -> None:
        """Another process takes the account over: nothing can be booked from here on."""
        Booking.open(self._ledger, account="paper", run_id="another", opening_deposit_micro=ONE).close()


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.open()
    return place


def test_an_order_that_may_leave_has_its_intent_on_disk_and_its_admission_in_the_trace(place: Place) -> None:
    assert place.desk.admit(place.buy("1", 10)) == Allow()
    assert place.news() == (["order_intent"], ["order"], ["admitted", "intent"])
    assert set(place.desk.exposure.working) == {"1"}


def test_a_clipped_order_is_told_with_what_is_left_of_it(place: Place) -> None:
    assert place.desk.admit(place.buy("1", 30)) == Clip(20 * ONE_E8)
    assert place.news() == (["order_intent", "order_outcome"], ["order", "clipped"], ["admitted", "intent"])
    assert (place.lines[-1]["asked_qty"], place.lines[-1]["qty"]) == ("30", "20")


@pytest.mark.parametrize(
    ("units", "style", "price", "reason"),
    [
        (0, Style.MARKET, None, DenyReason.BAD_ORDER),
        (1, None, 100, DenyReason.BAD_ORDER),
        (1, Style.LIMIT, None, DenyReason.BAD_ORDER),
    ],
)
def test_a_denied_order_is_told_with_its_reason_and_holds_nothing(
    place: Place, units: int, style: Style | None, price: int | None, reason: DenyReason
) -> None:
    if units == 0:
        units, place.desk._limits = 1, {"A": Limits(7 * ONE_E8, 5 * ONE)}  # pyright: ignore[reportPrivateUsage]
    assert place.desk.admit(place.buy("1", units, style, price)) == Deny(reason)
    assert place.news() == (["order_intent", "order_outcome"], ["order", "denied"], ["denied"])
    assert place.lines[-1]["reason"] == reason.value
    assert not place.desk.exposure.working


def test_new_terms_are_in_the_trace_and_the_ledger_keeps_the_first_intent(place: Place) -> None:
    place.desk.admit(place.buy("1", 5, Style.LIMIT, 90))
    place.news()
    assert place.desk.admit_replacement(place.buy("1", 4, Style.LIMIT, 91)) == Allow()
    assert place.news() == ([], [], ["replaced"])
    assert place.desk.exposure.working["1"].remaining_e8 == 4 * ONE_E8


def test_new_terms_that_are_refused_leave_the_old_ones_and_are_told_to_nobody_but_the_asker(place: Place) -> None:
    place.desk.admit(place.buy("1", 5, Style.LIMIT, 90))
    place.news()
    assert place.desk.admit_replacement(place.buy("1", 6, Style.LIMIT, 90)) == Deny(DenyReason.OVER_CAP)
    assert place.desk.admit_replacement(place.buy("2", 1, Style.LIMIT, 90)) == Deny(DenyReason.OVER_CAP)
    assert place.news() == ([], [], [])
    assert place.desk.exposure.working["1"].remaining_e8 == 5 * ONE_E8


def test_a_fill_is_booked_and_the_account_is_valued_with_it(place: Place) -> None:
    place.desk.admit(place.buy("1", 10))
    place.news()
    place.fill("1", 10 * ONE_E8)
    assert place.news() == (["fill", "mark"], ["fill"], ["fill"])
    assert place.desk.equity_micro == (1_000 - 1 - 10) * ONE, "the fee, and what closing at the bid would cost"
    assert place.desk.exposure.positions == {"A": 10 * ONE_E8}
    assert not place.desk.exposure.working


def test_a_fill_that_the_venue_tells_twice_counts_once(place: Place) -> None:
    place.desk.admit(place.buy("1", 10))
    place.fill("1", 4 * ONE_E8)
    held = place.desk.exposure
    place.news()
    place.fills -= 1
    place.fill("1", 4 * ONE_E8)
    assert place.desk.exposure == held
    assert place.news() == ([], [], [])


async def test_a_fill_that_nobody_asked_for_is_booked_and_breaks_an_invariant(place: Place) -> None:
    place.fill("stranger", 1 * ONE_E8)
    rows, lines, events = place.news()
    assert rows[0] == "fill"
    assert (lines[0], events[0]) == ("fill", "fill")
    assert "broken" in lines
    assert "shut" in events
    assert place.desk.grant("A") == HIBERNATING
    assert place.desk.exposure.positions == {"A": ONE_E8}
    assert await place.hear_alarm() == ["the venue dealt in stranger, which the ledger does not know"]
    assert place.desk.fault is None, "the ledger itself is whole"


def test_an_ended_order_is_told_and_holds_nothing_any_more(place: Place) -> None:
    place.desk.admit(place.buy("1", 5, Style.LIMIT, 90))
    place.news()
    place.desk.ended("1", "A", Outcome.CANCELLED, "asked for")
    assert place.news() == (["order_outcome"], ["cancelled"], ["ended"])
    assert not place.desk.exposure.working


def test_a_ranking_is_told_at_its_own_time(place: Place) -> None:
    place.desk.take_ranking(Ranking(T0 - SECOND, (Ranked("A", 0.5, 0.1, 0.001),)))
    assert place.news() == ([], ["ranking"], [])
    assert place.lines[-1]["market_time_ns"] == T0 - SECOND


def test_equity_is_told_once_a_second_of_market_time(place: Place) -> None:
    for tenth in range(1, 31):
        place.quote(99, 100, T0 + tenth * SECOND // 10)
    assert place.news() == ([], ["equity"] * 3, [])


def test_a_run_that_ends_is_ended_in_the_ledger(place: Place, tmp_path: Path) -> None:
    place.desk.close("the market ended")
    after = Place(tmp_path, "run-2")
    rows = [chain.content_of(record).event for record in after.booking.ledger.records()]
    assert kind(rows[-1]) == "run_end"
    assert [line["type"] for line in place.lines[-1:]] == ["equity"]


def test_what_is_taken_back_follows_prices_too(place: Place) -> None:
    place.desk.admit(place.buy("1", 20, Style.LIMIT, 100))
    assert place.desk.orders_to_cancel() == ()
    place.quote(149, 150, T0 + SECOND)
    assert place.desk.orders_to_cancel() == ("1",)


class TestALedgerThatCannotBeKept:
    """Nothing leaves; what was asked for and what the venue did is still told to people, and not to the model checker."""

    async def test_the_first_order_after_it_is_denied_and_the_belief_closed_before_the_alarm_rings(self, place: Place) -> None:
        place.lose_ledger()
        heard: list[Grant] = []
        ring = place.desk.alarm.ring
        place.desk.alarm.ring = lambda reason, cause: (heard.append(place.desk.grant("A")), ring(reason, cause))[1]  # type: ignore[method-assign]
        assert place.desk.admit(place.buy("1", 1)) == Deny(DenyReason.UNBOOKED)
        assert heard == [HIBERNATING]
        rows, lines, events = place.news()
        assert (rows, lines[-2:]) == ([], ["order", "denied"])
        assert lines.count("broken") == 1
        assert {"admitted", "intent", "denied"}.isdisjoint(events)
        assert not place.desk.exposure.working
        assert len(await place.hear_alarm()) == 1

    async def test_every_later_order_is_denied_and_told_and_the_alarm_rings_once(self, place: Place) -> None:
        place.lose_ledger()
        for number in range(3):
            assert place.desk.admit(place.buy(str(number), 1)) == Deny(DenyReason.UNBOOKED)
        told = [line for line in place.lines if line["type"] == "denied"]
        assert [(line["order_id"], line["reason"]) for line in told] == [(str(number), "ledger_cannot_be_kept") for number in range(3)]
        assert len(await place.hear_alarm()) == 1

    def test_new_terms_are_denied(self, place: Place) -> None:
        place.desk.admit(place.buy("1", 5, Style.LIMIT, 90))
        place.lose_ledger()
        place.desk.ended("2", "A", Outcome.EXPIRED, "")
        assert place.desk.admit_replacement(place.buy("1", 1, Style.LIMIT, 90)) == Deny(DenyReason.UNBOOKED)
        assert place.desk.exposure.working["1"].remaining_e8 == 5 * ONE_E8

    def test_a_fill_counts_and_is_told(self, place: Place) -> None:
        place.desk.admit(place.buy("1", 5))
        place.lose_ledger()
        place.news()
        place.fill("1", 5 * ONE_E8)
        rows, lines, events = place.news()
        assert (rows, lines[0]) == ([], "fill")
        assert "fill" not in events
        assert place.desk.exposure.positions == {"A": 5 * ONE_E8}
        assert isinstance(place.desk.fault, DolphinError)


@pytest.mark.parametrize("seed", range(8))
def test_what_the_steps_say_adds_up_to_what_the_desk_holds(place: Place, seed: int) -> None:
    """A replica made from the journal alone, and one from the ledger alone, hold what the desk holds."""
    random, desk = Random(seed), place.desk
    for number in range(60):
        working = sorted(desk.exposure.working.items())
        match random.choice(("order", "order", "exit", "fill", "end", "market")):
            case "order":
                style = random.choice((Style.MARKET, Style.LIMIT, Style.POST_ONLY, None))
                desk.admit(place.buy(str(number), random.randint(1, 30), style, None if style is Style.MARKET else 100))
            case "exit":
                desk.admit(Order(str(number), "A", -1, random.randint(1, 30) * ONE_E8, Style.MARKET, None, True))
            case "fill" if working:
                order_id, order = random.choice(working)
                place.fill(order_id, random.randint(1, order.remaining_e8), sign=order.side)
            case "end" if working:
                desk.ended(random.choice(working)[0], "A", Outcome.CANCELLED, "")
            case _:
                place.quote(price := random.randint(90, 110), price + 1, T0 + number * SECOND)
    assert desk.fault is None
    held = dict(desk.exposure.positions), {name: order.remaining_e8 for name, order in desk.exposure.working.items()}
    assert replica_of(place.lines) == held
    ledger = place.booking.ledger
    assert ({asset: held.qty_e8 for asset, held in ledger.positions.items()}, {order.order_id for order in ledger.open_orders()}) == (
        held[0],
        set(held[1]),
    )


def replica_of(lines: list[Line]) -> tuple[dict[str, int], dict[str, int]]:
    """Positions, and what is left of working orders, as the journal tells them."""
    positions: dict[str, int] = {}
    working: dict[str, int] = {}
    for line in lines:
        match line["type"]:
            case "order" | "clipped":
                working[line["order_id"]] = e8(line["qty"])
            case "denied" | "cancelled":
                del working[line["order_id"]]
            case "fill":
                sign = 1 if line["side"] == "BUY" else -1
                positions[line["asset"]] = positions.get(line["asset"], 0) + sign * e8(line["qty"])
                working[line["order_id"]] -= e8(line["qty"])
            case _:
                pass
    return {asset: qty for asset, qty in positions.items() if qty}, {name: left for name, left in working.items() if left}


def e8(text: str) -> int:
    return int(Decimal(text) * ONE_E8)


def test_on_a_disk_that_is_nearly_full_entries_are_turned_away_and_exits_leave_and_are_booked(place: Place) -> None:
    assert place.desk.admit(place.buy("1", 5)) == Allow()
    place.fill("1", 5 * ONE_E8)
    place.news()
    place.booking.room.is_short = True

    assert place.desk.admit(place.buy("2", 1)) == Deny(DenyReason.NO_ROOM)
    assert place.news() == ([], ["order", "denied"], []), "told, and not booked: what room there is is for exits"
    assert place.lines[-1]["reason"] == "disk_is_full"
    assert place.desk.admit(place.buy("3", 1)) == Deny(DenyReason.NO_ROOM)
    assert place.news() == ([], [], []), "once an asset"

    sell = Order("4", "A", -1, 5 * ONE_E8, Style.MARKET, None, True)
    assert place.desk.admit(sell) == Allow()
    place.fill("4", 5 * ONE_E8, sign=-1)
    rows, lines, _ = place.news()
    assert rows[:2] == ["order_intent", "fill"]
    assert "fill" in lines
    assert not place.desk.exposure.positions

    place.desk.look_for_room()
    assert place.desk.admit(place.buy("5", 1)) == Allow()
