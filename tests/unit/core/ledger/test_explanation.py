"""From an order back to the readings behind it."""

from dolphin.core.ledger import chain
from dolphin.core.ledger.chain import Content, Head, Record
from dolphin.core.ledger.events import BookedCommand, Fill, LedgerEvent, OrderIntent, OrderOutcome, Outcome, RunStart, Side
from dolphin.core.ledger.explanation import FACTORS, explain

ACCOUNT = BookedCommand(
    "paper", "", 1, 9, "STALKER", 2_000_000, 800_000, (1_000_000, 800_000, 1_000_000, 1_000_000, 1_000_000), False, (), (), 1, 2
)
ASSET = BookedCommand("paper", "BTCUSDT", 1, 4, "APEX", 1_200_000, 1_000_000, (), False, ("taker shock",), ("BTCUSDT@trade#7",), 1, 2)
INTENT = OrderIntent("O-1", "BTCUSDT", Side.BUY, 10, None, False, 1_200_000, "STALKER", (ACCOUNT, ASSET))


def records(*events: LedgerEvent) -> list[Record]:
    sealed, head = [], Head()
    for at, event in enumerate(events):
        sealed.append(chain.seal("paper", head, 3, "r1", 0, chain.encode(Content(at, event, ()))))
        head = Head(sealed[-1].index, sealed[-1].hash)
    return sealed


HISTORY = records(
    RunStart(),
    INTENT,
    OrderOutcome("O-1", Outcome.CLIPPED, "over the cap", 5),
    Fill("O-2", "f", "BTCUSDT", Side.BUY, 5, 1, 0),
    Fill("O-1", "f", "BTCUSDT", Side.BUY, 5, 1, 0),
)


def test_the_steps_are_those_of_the_order_in_order() -> None:
    explanation = explain("O-1", HISTORY)
    assert [step.index for step in explanation.steps] == [2, 3, 5]
    assert (explanation.steps[0].run_id, explanation.steps[0].epoch, explanation.steps[0].market_time_ns) == ("r1", 3, 1)


def test_the_command_that_set_the_cap_comes_first() -> None:
    assert explain("O-1", HISTORY).commands == (ASSET, ACCOUNT)


def test_as_data_it_leads_to_factors_and_cause_ids() -> None:
    told = explain("O-1", HISTORY).to_json()
    assert (told["cap_ppm"], told["posture"], told["cause_ids"]) == (1_200_000, "STALKER", ["BTCUSDT@trade#7"])
    assert told["commands"][0]["reasons"] == ("taker shock",)
    assert told["commands"][0]["factors"] == {}
    assert told["commands"][1]["factors"] == dict(zip(FACTORS, ACCOUNT.factors_ppm, strict=True))
    assert [step["event"]["type"] for step in told["steps"]] == ["order_intent", "order_outcome", "fill"]
    assert list(told) == ["order_id", "cap_ppm", "posture", "commands", "cause_ids", "steps"]
    assert told["order_id"] == "O-1"
    assert list(told["steps"][0]) == ["index", "epoch", "run_id", "market_time_ns", "event"]


def test_an_order_that_nobody_intended_says_so() -> None:
    explanation = explain("O-2", HISTORY)
    assert (explanation.intent, explanation.commands) == (None, ())
    assert explanation.to_json()["cap_ppm"] is None


def test_an_unknown_order_has_no_steps() -> None:
    assert explain("O-9", HISTORY).steps == ()
