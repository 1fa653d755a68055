"""From what an operator typed to a plan that can be started: everything that can be wrong is found here, before anything runs."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from dolphin.config import Config, Source
from dolphin.errors import BadInput
from dolphin.feeds.binance.live import check_symbols
from dolphin.feeds.options import MAX_SPEED
from dolphin.feeds.recording import inspect
from dolphin.feeds.synthetic import CALM_NS, symbols_of
from dolphin.run.plan import Market

DEMO_SECONDS = 60.0
"""How long a demo plays when no speed is asked for."""
AS_FAST_AS_POSSIBLE = 0.0
MIN_SPEED = 0.1


@dataclass(frozen=True, slots=True)
class Show:
    """A market to play, and how to speak of it."""

    market: Market
    label: str
    length_s: float | None
    """Market time it lasts; None if it does not end."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    source: Source
    recordings: tuple[Path, ...]
    speed: str
    """`auto`, `max`, or market seconds per second."""
    loop: bool


def plan_show(wish: Wish, config: Config) -> Show:
    """Settles what is played and how fast.

    Raises:
        BadInput: a recording that cannot be used, a symbol that is not traded, a speed that is none, or options that contradict each other.
        DolphinError: the exchange does not answer.
    """
    if wish.source == "recording":
        info = inspect(wish.recordings)
        length_s = (info.last_time_ns - info.first_time_ns) / 1e9
        assets, label = info.symbols, f"recording of {', '.join(info.symbols)} ({length_s:.0f} s)"
    elif wish.source == "synthetic":
        length_s = config.synthetic.minutes * 60
        length = f"{length_s:.0f} s of script, {CALM_NS // 60_000_000_000} min of calm, and again" if wish.loop else f"{length_s:.0f} s"
        assets, label = symbols_of(config.synthetic.assets), f"SYNTHETIC market, seed {config.synthetic.seed} ({length})"
    else:
        live = config.live
        _require_speed_of_live(wish.speed)  # before the network is asked
        asyncio.run(check_symbols(live))
        length_s, assets, label = None, tuple(live.symbols), f"live {', '.join(live.symbols)} (paper orders only)"
    speed = _settle_speed(wish, length_s)
    label += " as fast as possible" if speed == AS_FAST_AS_POSSIBLE else f" at {speed:g}x"
    market = Market(wish.source, wish.recordings, tuple(assets), speed, wish.loop)
    return Show(market, label, None if wish.loop else length_s)


def _settle_speed(wish: Wish, length_s: float | None) -> float:
    if wish.source == "live":
        return 1.0
    if wish.speed == "auto":
        return 1.0 if length_s is None or wish.loop else max(1.0, round(length_s / DEMO_SECONDS, 1))
    return read_speed(wish.speed)


def _require_speed_of_live(text: str) -> None:
    if text not in ("auto", "1"):
        raise BadInput("a live market has one speed", field="--speed", value=text, remedy="Leave --speed out with --feed live.")


def read_speed(text: str) -> float:
    """Market seconds per second, or `AS_FAST_AS_POSSIBLE` for `max`. BadInput for anything else."""
    if text == "max":
        return AS_FAST_AS_POSSIBLE
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not MIN_SPEED <= speed <= MAX_SPEED:
        remedy = f"Give a number from {MIN_SPEED:g} to {MAX_SPEED:g}, or max, or leave it out."
        raise BadInput("not a speed", field="--speed", value=text, remedy=remedy)
    return speed
