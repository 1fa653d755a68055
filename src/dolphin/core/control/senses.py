"""What the survival controller senses: the readings of one moment, and how each of them is taken.

One rule for all sensors, so that no curve has to ask again: a sensor that is not wired reads as the best there is, and a wired one whose
reading is missing or unusable reads as the worst. Every curve (`factors`) is at ONE for the best and at its floor for the worst.
"""

from typing import Any, Final, NamedTuple

from dolphin.core.units import MAX_NS, ONE, Reading


class Inputs(NamedTuple):
    """The readings of one moment. Anything may be anything: what is not an int in range (a bool for the shocks) is the worst value."""

    now_ns: Reading
    heartbeat_age_ns: Reading = None
    broken: tuple[str, ...] = ()  # invariants found broken, by name
    envelope_age_ns: Reading = None
    envelope_verdict: Reading = None
    jitter_ns: Reading = None
    latency_ns: Reading = None
    depth_ratio_ppm: Reading = None
    spread_ratio_ppm: Reading = None
    is_taker_shock: Reading = None
    is_plunge: Reading = None
    is_dvol_shock: Reading = None
    drawdown_ppm: Reading = None
    causes: tuple[tuple[str, str], ...] = ()  # (sensor, cause id of the message behind its reading)


class Sense(NamedTuple):
    """How the reading of one sensor is taken."""

    sensor: str
    field: str  # of `Inputs`, where its reading is
    kind: type[int]
    low: int  # usable from here to MAX_NS
    best: int
    worst: int


SENSES: Final = (
    Sense("envelope", "envelope_age_ns", int, 0, 0, MAX_NS),
    Sense("jitter", "jitter_ns", int, 0, 0, MAX_NS),
    Sense("latency", "latency_ns", int, 0, 0, MAX_NS),
    Sense("depth", "depth_ratio_ppm", int, 0, ONE, 0),
    Sense("spread", "spread_ratio_ppm", int, 0, 0, MAX_NS),
    Sense("taker", "is_taker_shock", bool, 0, False, True),
    Sense("plunge", "is_plunge", bool, 0, False, True),
    Sense("dvol", "is_dvol_shock", bool, 0, False, True),
    Sense("equity", "drawdown_ppm", int, -MAX_NS, 0, MAX_NS),
)
BEST: Final = tuple([sense.best for sense in SENSES])

# Everything the controller could sense; the heartbeat has rules of its own (`assessment`).
SENSORS: Final = frozenset({"heartbeat", *[sense.sensor for sense in SENSES]})


type Ear = tuple[int, int, type[int], int, int, str]
"""What `hear` needs of a row of `SENSES`: (row, place, kind, low, worst, sensor); a plain tuple, which is faster to take apart."""


def ears(wired: frozenset[str]) -> tuple[Ear, ...]:
    """The ears for the wired sensors."""
    return tuple(
        [(row, Inputs._fields.index(s.field), s.kind, s.low, s.worst, s.sensor) for row, s in enumerate(SENSES) if s.sensor in wired]
    )


def hear(inputs: Inputs, ears: tuple[Ear, ...]) -> tuple[list[int], list[str]]:
    """(what each sensor of `SENSES` says, in that order; the wired sensors without a usable reading)."""
    heard = list(BEST)
    missing: list[str] = []
    for row, place, kind, low, worst, sensor in ears:
        reading: Any = inputs[place]
        if type(reading) is kind and low <= reading <= MAX_NS:
            heard[row] = reading
        else:
            heard[row] = worst
            missing.append(sensor)
    return heard, missing
