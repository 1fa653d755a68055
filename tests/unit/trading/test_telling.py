"""Steps that are booked together reach the disk together, and only then are they told."""

from pathlib import Path

import pytest

from dolphin.core.audit.steps import AccountValued, Entry, LossCharged, OrderEnded, OrderFilled, RankingHeard, RunStarted, Step
from dolphin.core.audit.trace import TraceEvent
from dolphin.core.contract.lines import Line
from dolphin.core.ledger.events import Outcome
from dolphin.core.units import ONE, ONE_E8
from dolphin.errors import DolphinError
from dolphin.storage.ledger import SqliteLedger
from dolphin.trading.telling import Telling

FILL = OrderFilled("O", "f", "A", 1, ONE_E8, 90 * ONE_E8, 0, True, True)


class Told:
    def __init__(self, home: Path) -> None:
        self.ledger = SqliteLedger.open(home / "ledger.sqlite", account="paper", owner="run-1")
        self.ledger.ensure_opening(1_000 * ONE, 1)
        self.lines: list[Line] = []
        self.events: list[TraceEvent] = []
        self.telling = Telling(self.ledger, self.lines.append, self.events.append)

    def tell(self, step: Step):
        return self.telling.tell(Entry(5, 5, step))

    @property
    def entries(self) -> int:
        return len(tuple(self.ledger.records()))


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_a_step_is_booked_and_then_told_in_all_its_places(told: Told) -> None:
    booked = told.tell(FILL)
    assert booked is not None
    assert not booked.is_expected, "its order is not known to the ledger"
    assert told.ledger.positions["A"].qty_e8 == ONE_E8
    assert [line["pnl_micro_usd"] for line in told.lines] == [0]
    assert len(told.events) == 1


def test_what_is_told_together_is_told_when_all_of_it_is_on_disk(told: Told) -> None:
    with told.telling.together():
        told.tell(FILL)
        told.tell(AccountValued(990 * ONE))
        assert (told.lines, told.events) == ([], [])
    assert len(told.lines) == len(told.events) == 1
    assert told.ledger.drawdown_ppm == 10_000


def test_what_could_not_be_booked_has_not_happened_but_for_what_the_venue_did(told: Told) -> None:
    before = told.entries

    def tell_all() -> None:
        with told.telling.together():
            told.tell(LossCharged(1, "why"))
            told.tell(FILL)
            told.tell(OrderEnded("unknown", "A", Outcome.EXPIRED, ""))

    with pytest.raises(DolphinError, match="no intent"):
        tell_all()
    assert told.entries == before
    assert [line["type"] for line in told.lines] == ["fill", "cancelled"]
    assert told.lines[0]["pnl_micro_usd"] is None
    assert told.events == [], "the model checker hears of nothing that is not on disk"
    told.tell(RunStarted())
    assert told.entries == before + 1, "the next step is by itself again"


def test_steps_without_rows_are_told_without_the_ledger(told: Told) -> None:
    told.ledger.close()
    told.telling.say(Entry(5, 5, RankingHeard((("A", 1.0),))))
    assert [line["type"] for line in told.lines] == ["ranking"]
