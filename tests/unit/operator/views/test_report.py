"""The report says what the journals say, no more and no less."""

from pathlib import Path

from dolphin.host.tail import Line
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


TERMS = {"price": None, "style": "market", "is_reduce_only": False, "posture": "APEX", "cap_ppm": 6_000_000}
PAID = {"fee_micro_usd": 1, "pnl_micro_usd": None}

JOURNAL: list[Line] = [
    {"type": "ready", "market_time_ns": 0},
    {"type": "posture", "market_time_ns": S, "from": "HIBERNATE", "to": "APEX", "reason": "warm", "cause_ids": []},
    cap(S, "", 0, 6_000_000),
    cap(S, "BTCUSDT", 0, 6_000_000),
    {"type": "order", "market_time_ns": 2 * S, "order_id": "D-1-1", "asset": "BTCUSDT", "side": "BUY", "qty": "1", **TERMS},
    {"type": "chosen", "market_time_ns": 2 * S, "order_id": "D-1-1", "asset": "BTCUSDT", "purpose": "enter"},
    {"type": "fill", "market_time_ns": 2 * S, "order_id": "D-1-1", "asset": "BTCUSDT", "side": "BUY", "qty": "1", "price": "9", **PAID},
    cap(3 * S, "BTCUSDT", 6_000_000, 2_700_000),
    {"type": "denied", "market_time_ns": 4 * S, "order_id": "D-1-2", "asset": "BTCUSDT", "reason": "above the cap"},
    {"type": "equity", "market_time_ns": 4 * S, "equity_micro_usd": 99_000_000},
    {"type": "status", "market_time_ns": 5 * S, "wall_ns": 1},
]


def told() -> Story:
    story = Story()
    for line in JOURNAL:
        story.read_agent(line)
    return story


def test_only_a_lower_cap_is_a_cut() -> None:
    assert [(cut["asset"], cut["from_ppm"], cut["to_ppm"]) for cut in told().cuts] == [("BTCUSDT", 6_000_000, 2_700_000)]


def test_every_order_line_is_counted_once() -> None:
    assert told().orders == {"order": 1, "fill": 1, "denied": 1, "clipped": 0, "cancelled": 0}


def test_the_report_has_what_scripts_rely_on() -> None:
    ledger = {"opening_balance": "100000", "closing_balance": "99000", "entries": 4, "verified": True}
    known: Line = {"run_id": "r1", "market": "synthetic", "speed": 8.0, "home": Path("h"), "digest": "d", "feed_ended_well": True}
    report = build(story=told(), jobs=[{"name": "acb", "status": "RUNNING"}], ledger=ledger, **known)
    assert {"events_in", "jobs", "rankings", "cuts", "posture_path", "orders", "latency_us", "ledger", "run_id"} <= report.keys()
    assert report["orders"] == {"submitted": 1, "denied": 1, "clipped": 0, "filled": 1, "cancelled": 0}
    assert report["cuts"][0].keys() == {"asset", "from_ppm", "to_ppm", "reason", "cause_ids", "event_time_ns"}
    assert report["posture_path"][0]["to"] == "APEX"


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
    story = Story()
    lapsed = {"reason": "lease expired"}
    shock = {"type": "posture", "market_time_ns": 4 * S, "from": "HIBERNATE", "to": "TURTLE", "reason": "shock", "cause_ids": ["A@trade#1"]}
    for line in (
        *JOURNAL[1:4],
        cap(3 * S, "BTCUSDT", 6_000_000, 0) | lapsed,
        {"type": "posture", "market_time_ns": 3 * S, "from": "APEX", "to": "HIBERNATE", "cause_ids": [], **lapsed},
        cap(3 * S, "", 6_000_000, 0) | lapsed,
        shock,
        cap(4 * S, "BTCUSDT", 0, 2_700_000),
    ):
        story.read_agent(line)
    assert [(cut["asset"], cut["from_ppm"], cut["to_ppm"], cut["reason"]) for cut in story.cuts] == [
        ("", 6_000_000, 0, "shock"),
        ("BTCUSDT", 6_000_000, 2_700_000, "taker shock"),
    ]
    assert [end.asset for end in story.lease_ends] == ["BTCUSDT", ""]


def test_a_lapse_that_is_over_leaves_no_trace_among_the_cuts() -> None:
    story = Story()
    for line in (*JOURNAL[1:4], cap(3 * S, "", 6_000_000, 0) | {"reason": "silence"}, cap(4 * S, "", 0, 6_000_000)):
        story.read_agent(line)
    assert story.cuts == []
    assert story.account_cap_ppm == 6_000_000
