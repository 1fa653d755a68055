"""The report says what the journals say, no more and no less."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dolphin.core.contract.lines import Line
from dolphin.operator.views.cap_chart import cap_chart
from dolphin.operator.views.report import build, decisions_digest
from dolphin.operator.views.story import Story

S = 1_000_000_000


def cap(time_ns: int, asset: str, from_ppm: int, to_ppm: int) -> Line:
    return {
        "type": "cap",
        "market_time_ns": time_ns,
        "asset": asset,
        "from_ppm": from_ppm,
        "to_ppm": to_ppm,
        "reason": "taker shock",
        "cause_ids": ["BTCUSDT@trade#1"],
        "event_time_ns": time_ns,
    }


def command(time_ns: int, asset: str, posture: str, from_ppm: int, to_ppm: int) -> Line:
    return {**cap(time_ns, asset, from_ppm, to_ppm), "type": "command", "posture": posture}


def posture(time_ns: int, before: str, after: str, reason: str) -> Line:
    return {"type": "posture", "market_time_ns": time_ns, "from": before, "to": after, "reason": reason, "cause_ids": []}


def feed(wall_s: float, market_s: float) -> Line:
    return {"wall_ns": int(wall_s * S), "market_time_ns": int(market_s * S), "lag_ns": 0, "frames": 1, "rows": 1, "batches": 1}


LAPSED = {"reason": "lease expired"}
TERMS = {"price": None, "style": "market", "is_reduce_only": False, "posture": "APEX", "cap_ppm": 6_000_000}
PAID = {"fee_micro_usd": 1, "pnl_micro_usd": None}

JOURNAL: list[Line] = [
    {"type": "ready", "market_time_ns": 0},
    posture(S, "HIBERNATE", "APEX", "warm"),
    cap(S, "", 0, 6_000_000),
    cap(S, "BTCUSDT", 0, 6_000_000),
    {"type": "order", "market_time_ns": 2 * S, "order_id": "D-1-1", "asset": "BTCUSDT", "side": "BUY", "qty": "1", **TERMS},
    {"type": "chosen", "market_time_ns": 2 * S, "order_id": "D-1-1", "asset": "BTCUSDT", "purpose": "enter"},
    {"type": "fill", "market_time_ns": 2 * S, "order_id": "D-1-1", "asset": "BTCUSDT", "side": "BUY", "qty": "1", "price": "9", **PAID},
    command(S, "", "APEX", 0, 6_000_000),
    command(3 * S, "BTCUSDT", "APEX", 6_000_000, 2_700_000),
    cap(3 * S, "BTCUSDT", 6_000_000, 2_700_000),
    cap(4 * S, "", 6_000_000, 0) | LAPSED,
    {"type": "lease", "market_time_ns": 4 * S, "asset": "", "expired_at_ns": 4 * S},
    {"type": "denied", "market_time_ns": 4 * S, "order_id": "D-1-2", "asset": "BTCUSDT", "reason": "above the cap"},
    {"type": "equity", "market_time_ns": 4 * S, "equity_micro_usd": 99_000_000},
    {"type": "status", "market_time_ns": 5 * S, "wall_ns": 1},
]


def told(lines: Iterable[Line] = JOURNAL, feed_lines: Iterable[Line] = ()) -> Story:
    story = Story()
    for line in feed_lines:
        story.read_feed(line)
    for line in lines:
        story.read_agent(line)
    return story


def report_of(lines: Iterable[Line], feed_lines: Iterable[Line] = (), speed: float = 1.0) -> dict[str, Any]:
    ledger = {"opening_balance": "100000", "closing_balance": "99000", "entries": 4, "verified": True}
    known: Line = {"run_id": "r1", "market": "synthetic", "speed": speed, "home": Path("h"), "digest": "d", "feed_ended_well": True}
    return build(story=told(lines, feed_lines), jobs=[{"name": "acb", "status": "RUNNING"}], ledger=ledger, **known)


def test_only_a_lower_cap_that_a_gate_decided_is_a_cut_and_a_lease_that_ended_is_none() -> None:
    assert [(cut["asset"], cut["from_ppm"], cut["to_ppm"]) for cut in told().cuts] == [("BTCUSDT", 6_000_000, 2_700_000)]


def test_every_order_line_is_counted_once() -> None:
    assert told().orders == {"order": 1, "fill": 1, "denied": 1, "clipped": 0, "cancelled": 0}


def test_the_report_has_what_scripts_rely_on() -> None:
    report = report_of(JOURNAL)
    assert {"events_in", "jobs", "rankings", "cuts", "posture_path", "orders", "latency_us", "ledger", "run_id"} <= report.keys()
    assert report["orders"] == {"submitted": 1, "denied": 1, "clipped": 0, "filled": 1, "cancelled": 0}
    assert report["cuts"][0].keys() == {"asset", "from_ppm", "to_ppm", "reason", "cause_ids", "event_time_ns"}
    assert report["posture_path"][0]["to"] == "APEX"


def test_what_the_gates_decided_is_one_hash_whatever_order_the_gates_were_heard_in_and_whatever_leases_did() -> None:
    at_another_speed = [line for line in JOURNAL[::-1] if line["type"] not in ("cap", "lease")]
    assert report_of(at_another_speed)["decided_sha256"] == report_of(JOURNAL)["decided_sha256"]
    two = [command(3 * S, asset, "APEX", 6_000_000, 2_700_000) for asset in ("A", "B")]
    for key in ("cuts", "slides", "decided_sha256"):
        assert report_of(two)[key] == report_of(two[::-1])[key]
    assert report_of(JOURNAL[:2])["decided_sha256"] != report_of(JOURNAL)["decided_sha256"]
    assert [each["posture"] for each in report_of(JOURNAL)["postures"]] == ["APEX"]


def test_a_lease_that_was_renewed_too_late_is_told_apart_from_one_that_ended_in_silence() -> None:
    renewed = [*JOURNAL, cap(5 * S, "", 0, 6_000_000)]
    silent, went_on, stood_still = [feed(1, 1), feed(2, 3)], [feed(1, 3), feed(2, 5)], [feed(1, 3), feed(9, 5)]
    for lines, feed_lines, too_slow in (
        (JOURNAL, silent, 0),
        (renewed, silent, 1),
        (JOURNAL, went_on, 1),
        (renewed, went_on, 1),
        (renewed, stood_still, 0),
    ):
        report = report_of(lines, feed_lines)
        assert report["leases"] == {"ended": 1, "too_slow": too_slow, "late_commands": 0}
        assert report["lease_ends"] == [{"asset": "", "expired_at_ns": 4 * S, "cause": "too_slow" if too_slow else "silence"}]


def test_a_lease_that_runs_out_behind_a_market_that_has_ended_is_the_end_of_that_and_no_lapse() -> None:
    ended = [feed(1, 1), feed(2, 3) | {"ended": "end"}]
    assert report_of(JOURNAL, ended)["lease_ends"] == []
    assert len(report_of([*JOURNAL, cap(5 * S, "", 0, 6_000_000)], ended)["lease_ends"]) == 1, "it was renewed, so the market had gone on"
    for died in ("failed", "stopped"):
        assert len(report_of(JOURNAL, [feed(1, 1), feed(2, 3) | {"ended": died}])["lease_ends"]) == 1
    later = [feed(1, 1), feed(2, 6) | {"ended": "end"}]
    assert len(report_of(JOURNAL, later)["lease_ends"]) == 1, "it ran out while there was a market"


def test_the_report_says_how_much_market_time_orders_come_late_by() -> None:
    latency_us = {"feed_to_agent": {"p50": 2_000.0, "p99": 10_000.0, "p999": 11_000.0, "max": 20_000.0, "n": 9}}
    summary = {"type": "summary", "market_time_ns": 5 * S, "latency_us": latency_us, "late_commands": 3}
    assert report_of([*JOURNAL, summary])["leases"]["late_commands"] == 3
    assert report_of([*JOURNAL, summary], speed=8.0)["orders_late_ms"] == {"p50": 16.0, "p99": 80.0, "max": 160.0}
    assert report_of([*JOURNAL, summary], speed=0.0)["orders_late_ms"] == {}, "in lockstep the market waits"


def test_the_market_lasts_as_long_as_the_feed_says() -> None:
    assert report_of(JOURNAL, [feed(1, 1), feed(2, 3)])["market_seconds"] == 2.0, "an agent that is behind runs on beyond the market"


def test_the_digest_ignores_wall_clock_lines_and_nothing_else() -> None:
    other_wall = [line | {"wall_ns": 2} if line["type"] == "status" else line for line in JOURNAL]
    assert decisions_digest(other_wall) == decisions_digest(JOURNAL)
    for index, line in enumerate(JOURNAL):
        if line["type"] not in ("ready", "status", "chosen"):
            assert decisions_digest(JOURNAL[:index] + JOURNAL[index + 1 :]) != decisions_digest(JOURNAL)


def test_a_dip_shorter_than_a_slice_of_the_chart_still_shows() -> None:
    history = [(0, 6_000_000), (500, 0), (501, 6_000_000)]
    chart = cap_chart(history, end_ns=1000, width=10)
    assert chart == "█████ ████"
    assert len(chart) == 10


def test_a_cut_that_a_lapse_hides_is_a_cut_all_the_same() -> None:
    story = told(
        (
            *JOURNAL[1:4],
            cap(3 * S, "BTCUSDT", 6_000_000, 0) | LAPSED,
            posture(3 * S, "APEX", "HIBERNATE", "lease expired"),
            cap(3 * S, "", 6_000_000, 0) | LAPSED,
            command(4 * S, "", "TURTLE", 6_000_000, 0),
            posture(4 * S, "HIBERNATE", "TURTLE", "taker shock"),
            command(4 * S, "BTCUSDT", "TURTLE", 6_000_000, 2_700_000),
            cap(4 * S, "BTCUSDT", 0, 2_700_000),
        )
    )
    assert [(cut["asset"], cut["from_ppm"], cut["to_ppm"]) for cut in story.cuts] == [("", 6_000_000, 0), ("BTCUSDT", 6_000_000, 2_700_000)]
    assert [len(slide.cuts) for slide in story.slides.all] == [1, 1]
    assert [(end.asset, end.is_renewed) for end in story.lease_ends] == [("BTCUSDT", True), ("", False)]


def test_a_lapse_that_is_over_leaves_no_trace_among_the_cuts() -> None:
    story = told((*JOURNAL[1:4], cap(3 * S, "", 6_000_000, 0) | {"reason": "silence"}, cap(4 * S, "", 0, 6_000_000)))
    assert story.cuts == []
    assert story.account_cap_ppm == 6_000_000
