"""The report as a person reads it: the same words every time, at any width, in units that people use."""

import re
from io import StringIO

import msgspec
import pytest
from a_run import START, S, agent_lines, report, told
from redraw import WIDTHS, drawn, golden
from rich.console import Console

from dolphin.operator.views.orders import AGAIN_NS, tries
from dolphin.operator.views.report import Report
from dolphin.operator.views.report_text import render, together


def printed(of: Report, width: int = 200) -> str:
    said = StringIO()
    render(of, Console(file=said, width=width, no_color=True))
    return said.getvalue()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_is_the_one_that_was_agreed_on(width: int) -> None:
    assert drawn(width) == golden(width).read_text(encoding="utf-8"), "if it is better now, draw it again: redraw.py"


@pytest.mark.parametrize("width", [60, *WIDTHS])
def test_no_line_is_wider_than_the_terminal_but_the_commands_to_type(width: int) -> None:
    commands = [command["type"] for command in report()["next"]]
    assert [line for line in drawn(width).splitlines() if len(line) > width and line.strip() not in commands] == []


def test_it_speaks_in_units_that_people_use() -> None:
    text = printed(report())
    assert not re.search(r"\bf[1-5]\b|\bppm\b|\d ns\b|\d{9,}(?![0-9a-f])", text.split("Next")[0].replace("0123456789abcdef", "")), text


def test_the_decisive_cut_comes_first_and_is_the_accounts() -> None:
    lines = [line.strip() for line in printed(report()).splitlines()]
    decisive = next(line for line in lines if line.startswith("Decisive"))
    assert "the account 6.00x -> 0.90x in 3 steps within 2.0 s: shock (taker) leaves 30 % of the leverage" in decisive
    assert "00:01:41" in decisive
    assert lines.index(decisive) < lines.index(next(line for line in lines if line.startswith("Posture")))


def test_the_end_in_good_order_is_no_cut() -> None:
    told_of = report()
    assert not [cut for cut in told_of["cuts"] if cut["reason"] == "run ended"]
    assert told_of["orderly_end"]["from_ppm"] == {"": 900_000, "BTCUSDT": 2_700_000, "ETHUSDT": 2_700_000}
    assert [step["is_orderly_end"] for step in told_of["posture_path"]] == [False, False, True]
    assert "which is no cut" in printed(told_of)


def test_a_feed_that_died_is_said_first_of_all() -> None:
    assert "the feed died" in printed(report(feed_ended_well=False))


def test_a_kept_report_prints_as_a_fresh_one() -> None:
    kept = msgspec.json.decode(msgspec.json.encode(report()))
    assert printed(kept) == printed(report())


def test_a_report_of_nothing_is_a_report() -> None:
    text = printed(report(told(iter(()), iter(()))))
    assert "no market data came" in text
    assert "HIBERNATE from start to end" in text
    assert "none: no cap was lowered" in text


def test_assets_that_fell_one_after_the_other_for_one_reason_are_one_line() -> None:
    def slide(asset: str, at_s: float, to_ppm: int = 1, reason: str = "taker: z 5") -> dict[str, object]:
        return {"asset": asset, "from_ppm": 6, "to_ppm": to_ppm, "start_ns": START + int(at_s * S), "reason": reason}

    slides = [slide("A", 1, 3), slide("B", 14), slide("C", 28), slide("D", 50), slide("E", 2, 2, reason="depth: gone"), slide("", 40, 5)]
    assert [[each["asset"] for each in row] for row in together(slides)] == [[""], ["B", "C", "A"], ["D"], ["E"]]


def test_what_to_type_next_names_the_home_the_run_and_the_odd_order() -> None:
    commands = [command["type"] for command in report()["next"]]
    assert commands[0] == "./dolphin explain D-1-3 --home .dolphin/demo"
    assert "./dolphin trace check 20250106T000000Z-0001 --home .dolphin/demo" in commands
    assert "--account other" in report(ledger=report()["ledger"] | {"account": "other"})["next"][0]["type"]


def test_where_no_order_is_odd_the_first_after_the_decisive_fall_is_asked_about() -> None:
    lines = [line for line in agent_lines() if line.get("order_id") not in ("D-1-2", "D-1-3")]
    assert report(told(iter(lines)))["next"][0]["type"].startswith("./dolphin explain D-1-4 ")


def test_tries_of_the_same_are_one_entry() -> None:
    orders = {order["order_id"]: order for order in report()["order_list"]}
    first = orders["D-1-4"] | {"outcome": "cancelled", "ended_at_ns": START + 103 * S, "filled_price": None, "first_fill_ns": None}
    again = orders["D-1-4"] | {"order_id": "D-1-5", "wanted_at_ns": START + 104 * S, "ended_at_ns": START + 105 * S}
    other = again | {"order_id": "D-1-6", "asset": "ETHUSDT"}
    assert [[order["order_id"] for order in row] for row in tries([first, again, other])] == [["D-1-4", "D-1-5"], ["D-1-6"]]
    late = again | {"wanted_at_ns": START + 103 * S + AGAIN_NS + 1}
    assert len(tries([first, late])) == 2
    assert len(tries([orders["D-1-4"], again])) == 2, "what was filled is over"
    text = printed(report() | {"order_list": [first, again]})
    assert "D-1-4 to D-1-5 SELL 0.5 BTCUSDT at market: 2 tries, the last filled at 60900 after 1.0 s, after 4.0 s in all" in text
