"""The report says what the journals say, no more and no less."""

from typing import Any

from dolphin.core.contract.lines import Line
from dolphin.operator.views.report import build, cap_chart, decisions_digest
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


JOURNAL: list[Line] = [
    {"type": "ready", "market_time_ns": 0},
    {"type": "posture", "market_time_ns": S, "from": "HIBERNATE", "to": "APEX", "reason": "warm", "cause_ids": []},
    cap(S, "", 0, 6_000_000),
    cap(S, "BTCUSDT", 0, 6_000_000),
    {"type": "order", "market_time_ns": 2 * S, "asset": "BTCUSDT", "side": "BUY", "qty": "1"},
    {"type": "fill", "market_time_ns": 2 * S, "asset": "BTCUSDT", "side": "BUY", "qty": "1"},
    command(S, "", "APEX", 0, 6_000_000),
    command(3 * S, "BTCUSDT", "APEX", 6_000_000, 2_700_000),
    cap(3 * S, "BTCUSDT", 6_000_000, 2_700_000),
    cap(4 * S, "", 6_000_000, 0),
    {"type": "lease", "market_time_ns": 4 * S, "asset": "", "expired_at_ns": 4 * S},
    {"type": "denied", "market_time_ns": 4 * S, "asset": "BTCUSDT", "reason": "above the cap"},
    {"type": "equity", "market_time_ns": 4 * S, "equity_micro_usd": 99_000_000},
    {"type": "status", "market_time_ns": 5 * S, "wall_ns": 1},
]


def told() -> Story:
    story = Story()
    for line in JOURNAL:
        story.read_agent(line)
    return story


def test_only_a_lower_cap_that_a_gate_decided_is_a_cut_and_a_lease_that_ended_is_none() -> None:
    assert [(cut["asset"], cut["from_ppm"], cut["to_ppm"]) for cut in told().cuts] == [("BTCUSDT", 6_000_000, 2_700_000)]


def test_every_order_line_is_counted_once() -> None:
    assert told().orders == {"order": 1, "fill": 1, "denied": 1, "clipped": 0, "cancelled": 0}


def test_the_report_has_what_scripts_rely_on() -> None:
    ledger = {"opening_balance": "100000", "closing_balance": "99000", "entries": 4, "verified": True}
    report = build(run_id="r1", market="synthetic", story=told(), jobs=[{"name": "acb", "status": "RUNNING"}], ledger=ledger, digest="d")
    assert {"events_in", "jobs", "rankings", "cuts", "posture_path", "orders", "latency_us", "ledger", "run_id"} <= report.keys()
    assert report["orders"] == {"submitted": 1, "denied": 1, "clipped": 0, "filled": 1, "cancelled": 0}
    assert report["cuts"][0].keys() == {"asset", "from_ppm", "to_ppm", "reason", "cause_ids", "event_time_ns"}
    assert report["posture_path"][0]["to"] == "APEX"


def report_of(lines: list[Line], **more: Any) -> dict[str, Any]:
    story = Story()
    for line in lines:
        story.read_agent(line)
    ledger = {"opening_balance": "1", "closing_balance": "1", "entries": 0, "verified": True}
    return build(run_id="r1", market="m", story=story, jobs=[], ledger=ledger, digest="d", **more)


def test_what_the_gates_decided_is_one_hash_whatever_order_the_gates_were_heard_in_and_whatever_leases_did() -> None:
    at_another_speed = [line for line in JOURNAL[::-1] if line["type"] not in ("cap", "lease")]
    assert report_of(at_another_speed)["decided_sha256"] == report_of(JOURNAL)["decided_sha256"]
    assert report_of(JOURNAL[:2])["decided_sha256"] != report_of(JOURNAL)["decided_sha256"]
    assert [each["posture"] for each in report_of(JOURNAL)["postures"]] == ["APEX"]


def test_a_lease_that_was_renewed_too_late_is_told_apart_from_one_that_ended_in_silence() -> None:
    assert report_of(JOURNAL)["leases"] == {"ended": 1, "too_slow": 0, "late_commands": 0}
    renewed = [*JOURNAL, cap(5 * S, "", 0, 6_000_000)]
    assert report_of(renewed)["leases"] == {"ended": 1, "too_slow": 1, "late_commands": 0}
    assert report_of(renewed, is_replay=False)["leases"]["too_slow"] == 0, "a live market may pause by itself"


def test_the_report_says_how_much_market_time_orders_come_late_by() -> None:
    latency_us = {"feed_to_agent": {"p50": 2_000.0, "p99": 10_000.0, "p999": 11_000.0, "max": 20_000.0, "n": 9}}
    summary = {"type": "summary", "market_time_ns": 5 * S, "latency_us": latency_us, "late_commands": 3}
    assert report_of([*JOURNAL, summary])["leases"]["late_commands"] == 3
    assert report_of([*JOURNAL, summary], speed=8.0)["orders_late_ms"] == {"p50": 16.0, "p99": 80.0, "max": 160.0}
    assert report_of([*JOURNAL, summary], speed=0.0)["orders_late_ms"] == {}, "in lockstep the market waits"


def test_the_digest_ignores_wall_clock_lines_and_nothing_else() -> None:
    other_wall = [line | {"wall_ns": 2} if line["type"] == "status" else line for line in JOURNAL]
    assert decisions_digest(other_wall) == decisions_digest(JOURNAL)
    for index, line in enumerate(JOURNAL):
        if line["type"] not in ("ready", "status"):
            assert decisions_digest(JOURNAL[:index] + JOURNAL[index + 1 :]) != decisions_digest(JOURNAL)


def test_a_dip_shorter_than_a_slice_of_the_chart_still_shows() -> None:
    history = [(0, 6_000_000), (500, 0), (501, 6_000_000)]
    chart = cap_chart(history, end_ns=1000, width=10)
    assert chart == "█████ ████"
    assert len(chart) == 10
