"""The report that ends a run, as data: what came in, what was decided and why, what left, how long it took, and what the ledger says.

`build` makes the JSON object that scripts read; its keys are a contract. `report_text` shows the same to a person.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dolphin.core.contract.lines import Line
from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.operator.views.lease_ends import TOO_SLOW, cause_of, is_after_the_market
from dolphin.operator.views.slides import by_weight
from dolphin.operator.views.story import Story
from dolphin.operator.views.waiting import why_nothing_traded

Report = dict[str, Any]

NOT_DECISIONS = frozenset({"ready", "status", "summary", "chosen"})
"""Lines that carry wall-clock readings, or say why and not what; every other one is a decision and the same in two runs in lockstep."""


def decisions_digest(lines: Iterable[Line]) -> str:
    """SHA-256 over the decision lines of an agent's journal: equal for two runs that decided the same."""
    digest = hashlib.sha256()
    for line in lines:
        if line["type"] not in NOT_DECISIONS:
            digest.update(msgspec.json.encode(line, order="sorted") + b"\n")
    return digest.hexdigest()


def decided_digest(decided: Iterable[Line]) -> str:
    """SHA-256 over what the gates decided, cuts and postures by market time: equal for one market from one start at any speed."""
    digest = hashlib.sha256()
    for line in sorted(decided, key=lambda line: (line["event_time_ns"], line["asset"])):
        digest.update(msgspec.json.encode(line, order="sorted") + b"\n")
    return digest.hexdigest()


def build(
    *,
    run_id: str,
    market: str,
    speed: float,
    home: Path,
    story: Story,
    jobs: Sequence[Line],
    ledger: Line,
    digest: str,
    feed_ended_well: bool,
) -> Report:
    """The report as data. `ledger` is the ledger's own summary, `jobs` the name and status of each job at the end, `speed` market time per
    wall time (0: in lockstep), `home` as a person would name it.
    """
    ends, cuts = _lease_ends(story, speed), story.cuts
    slides = by_weight(slide.to_json() for slide in story.slides.all)
    orders = [order.to_json() for order in story.order_list.by_id.values()]
    return {
        "run_id": run_id,
        "market": market,
        "speed": speed,
        "events_in": story.rows,
        "frames_in": story.frames,
        "first_time_ns": story.first_time_ns,
        "last_time_ns": _end_ns(story) or None,
        "market_seconds": (_end_ns(story) - (story.first_time_ns or _end_ns(story))) / 1e9,
        "feed": story.feed,
        "feed_ended_well": feed_ended_well,
        "jobs": list(jobs),
        "rankings": story.rankings,
        "last_ranking": story.ranking,
        "cuts": cuts,
        "cut_reasons": dict(Counter(cut["reason"] for cut in cuts).most_common()),
        "slides": slides,
        "orderly_end": story.ended,
        "postures": _postures(story.decided),
        "decided_sha256": decided_digest(story.decided),
        "leases": {
            "ended": len(ends),
            "too_slow": sum(end["cause"] == TOO_SLOW for end in ends),
            "late_commands": story.late_commands,
        },
        "lease_ends": ends,
        "lost_messages": story.lost_messages,
        "orders_late_ms": _orders_late_ms(story.latency_us, speed),
        "posture_path": story.posture_path,
        "cap_path": [{"market_time_ns": time_ns, "cap_ppm": cap} for time_ns, cap in story.cap_history],
        "granted_ns": story.granted_ns,
        "orders": {
            "submitted": story.orders["order"],
            "denied": story.orders["denied"],
            "clipped": story.orders["clipped"],
            "filled": story.orders["fill"],
            "cancelled": story.orders["cancelled"],
        },
        "order_list": orders,
        "orders_forgotten": story.order_list.forgotten,
        "why_nothing_traded": why_nothing_traded(story),
        "latency_us": story.latency_us,
        "ledger": ledger,
        "decisions_sha256": digest,
        "next": next_commands(run_id, home, ledger.get("account", DEFAULT_ACCOUNT), orders, slides),
    }


def _end_ns(story: Story) -> int:
    """Where the market ended, by the feed: the clock of an agent that is behind runs on beyond it."""
    return story.feed_time_ns or story.market_time_ns


def _postures(decided: Iterable[Line]) -> list[Line]:
    """The postures of the account as the governor decided them, each with the cap it came with."""
    found: list[Line] = []
    for line in decided:
        if not line["asset"] and (not found or found[-1]["posture"] != line["posture"]):
            found.append({key: line[key] for key in ("event_time_ns", "posture", "to_ppm", "reason")})
    return found


def _lease_ends(story: Story, speed: float) -> list[Line]:
    samples = tuple(story.feed_samples)
    is_over = story.feed.get("ended") == "end"
    counted = [end for end in story.lease_ends if not (is_over and is_after_the_market(end, story.feed_time_ns))]
    return [{"asset": end.asset, "expired_at_ns": end.expired_at_ns, "cause": cause_of(end, samples, speed)} for end in counted]


def _orders_late_ms(latency_us: dict[str, Line], speed: float) -> Line:
    """By how much market time orders come later than in lockstep, where they are sent at the price they were decided at."""
    reading = latency_us.get("feed_to_agent") if speed else None
    return {} if reading is None else {name: reading[name] * speed / 1_000 for name in ("p50", "p99", "max")}


def next_commands(run_id: str, home: Path, account: str, orders: Sequence[Line], slides: Sequence[Line]) -> list[Line]:
    """What to type now, and what it is for; the order to ask about is the last that was denied or clipped, or else the first after the
    decisive fall, or else the first.
    """
    where = f"--home {home}" if account == DEFAULT_ACCOUNT else f"--home {home} --account {account}"
    odd = [order for order in orders if order["outcome"] == "denied" or order["asked_qty"] is not None]
    after = [order for order in orders if slides and order["wanted_at_ns"] >= slides[0]["start_ns"]]
    asked = (odd[-1:] or after or orders)[:1]
    why = [{"type": f"./dolphin explain {order['order_id']} {where}", "to": "see what an order was decided on"} for order in asked]
    return [
        *why,
        {"type": f"./dolphin ledger show {where}", "to": "see what was booked, entry by entry"},
        {"type": f"./dolphin trace check {run_id} --home {home}", "to": "hold the run against the specification"},
        {"type": "./dolphin up", "to": "leave the system running"},
    ]
