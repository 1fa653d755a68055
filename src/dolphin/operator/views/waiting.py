"""What keeps a run from trading: while it warms up, what it waits for; later, what holds it back; at the end, why nothing was traded."""

import re
from collections import Counter
from typing import Final

from dolphin.core.words import span
from dolphin.operator.views.plain import plain, some
from dolphin.operator.views.story import Story

WARM_UP_NS: Final = 60_000_000_000
"""Market time that a sensor listens before it says what is usual: the default of the stages `survival` and `breaker_votes`."""

_NO_READING: Final = re.compile(r"(\w+) has no usable reading")
_UNTOLD: Final = ("nothing known yet", "no command", "not heard yet", "no market time", "restarted")
"""Reasons of a gate that has not been told enough to grant anything."""


def obstacles(story: Story) -> list[str]:
    """What stands between now and the next entry, the first to be met first; empty where entries may leave."""
    if story.first_time_ns is None:
        return ["the first market data"]
    found = [f"the order book of {some(story.unsynced)}: its snapshot"] if story.unsynced else []
    if not story.is_granted:
        found += _of_the_account(story)
    found += _of_the_assets(story)
    if not story.rankings:
        found.append("the first ranking of the assets")
    return found


def why_nothing_traded(story: Story) -> list[str]:
    """Why a run that has ended sent no order; empty where it sent some."""
    if story.orders["order"]:
        return []
    if story.first_time_ns is None:
        return ["no market data came"]
    heard_ns = story.market_time_ns - story.first_time_ns
    lines: list[str] = []
    if heard_ns < WARM_UP_NS:
        lines.append(
            f"the market lasted {span(heard_ns)}, and nothing is granted before the sensors have listened for {span(WARM_UP_NS)}: "
            "play a longer recording"
        )
    elif story.granted_ns is None:
        lines.append("the account was never granted any leverage")
    still = obstacles(story)
    if still:
        lines.append("still missing at the end: " + "; ".join(still))
    elif story.granted_ns is not None:
        allowed = span(story.market_time_ns - story.granted_ns)
        lines.append(
            f"leverage was granted {allowed} before the end, and no ranked asset's target was as large as the venue's smallest order"
        )
    return lines


def _of_the_account(story: Story) -> list[str]:
    reason = story.held_back.get("", "nothing known yet")
    silent = _NO_READING.findall(reason)
    if silent:
        return [f"the account's {some(silent, 6)}: what is usual ({_listening(story)})"]
    if reason in _UNTOLD:
        return [f"the survival controller's first word on the account ({_listening(story)})"]
    return [f"the account ({story.posture}): {plain(reason)}"]


def _of_the_assets(story: Story) -> list[str]:
    reasons = {asset: reason for asset, reason in story.held_back.items() if asset}
    if not reasons or len(reasons) < len(story.caps_ppm | reasons):
        return []  # some asset may be traded
    fresh = [asset for asset, reason in reasons.items() if reason in _UNTOLD]
    found: list[str] = []
    if fresh:
        found.append(f"the breakers of {some(fresh)}: three clear readings of every source ({_listening(story)})")
    others = Counter(plain(reason) for reason in reasons.values() if reason not in _UNTOLD)
    found += [f"{count} asset{'s' if count > 1 else ''}: {reason}" for reason, count in others.most_common(2)]
    return found


def _listening(story: Story) -> str:
    heard_ns = story.market_time_ns - (story.first_time_ns or story.market_time_ns)
    if heard_ns < WARM_UP_NS:
        return f"{span(WARM_UP_NS - heard_ns)} of market time to go"
    return f"heard for {span(heard_ns)}"
