"""Questions for the oracle: random pairs of state and input, and all combinations of boundaries.

A boundary is a threshold of the rule and its neighbours. `boundary_*` walk every field over its boundaries from several bases, alone and
with every other field (pairwise); `random_*` draw every field, half of the time from its boundaries. All of it follows from a seed.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import oracle_lines as lines
from oracle_lines import SOURCES, Case

from dolphin.core.control import account_gate, breaker, governor
from dolphin.core.control.assessment import NO_SHOCK, SLOT_NS, SLOTS, Demand, Inputs, Memory
from dolphin.core.control.factors import ENVELOPE_DECADE_NS, ENVELOPE_FRESH_NS, MAX_NS, f4_recovery_age
from dolphin.core.control.manual_cut import CUTS_PPM, WORST_LEVEL, Manual
from dolphin.core.control.params import SENSORS, BreakerParams, GovernorParams, SurvivalParams, describe
from dolphin.core.control.posture import LADDER, MAX_LEVERAGE_PPM, Posture
from dolphin.core.control.tables import CAPITAL_STRESS, DRAWDOWN_STEP_PPM, ENVELOPE_DECADE, ENVELOPE_STEP_NS
from dolphin.core.units import ONE
from dolphin.errors import BadInput

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
NONSENSE = (None, math.nan, 1.5, "7", True, [], -(2**80))
NO_CLAIM = (None, 0, 1, "true", math.nan)

type Values = dict[str, Sequence[Any]]


def near(*numbers: int) -> list[int]:
    """The numbers and their neighbours, each once."""
    return sorted({number + step for number in numbers for step in (-1, 0, 1)})


def any_params[T: (SurvivalParams, GovernorParams, BreakerParams)](draw: random.Random, record: type[T]) -> T:
    """A valid record: every number anywhere in its range, often at an end of it."""
    while True:
        numbers: dict[str, Any] = {}
        for name, ((value,), _, low, high, _) in describe(record):
            numbers[name] = draw.choice((low, high, value, draw.randint(low, high), draw.randint(low, high)))
        if record is SurvivalParams:
            numbers["wired"] = frozenset({"heartbeat", *draw.sample(sorted(SENSORS), draw.randint(0, len(SENSORS)))})
        try:
            return record(**numbers)
        except BadInput:  # an ordering does not hold
            continue


# The sensing half


def sensing_boundaries(params: SurvivalParams) -> Values:
    """The boundaries of every field of `Inputs` and `Memory`."""
    p = params
    time = START
    full = p.integral_full_scale_us * p.integral_max_ppm // ONE
    recovered = [f4_recovery_age(level, p) for level in (p.shock_ppm, (p.shock_ppm + ONE) // 2, ONE - 1, ONE)]
    peaks: list[tuple[int, ...]] = [(0,) * SLOTS, (ONE,) * SLOTS, (0,) * (SLOTS - 1) + (ONE,), (500_000, 499_999) + (0,) * (SLOTS - 2)]
    return {
        "time_ns": [time],
        "is_started": [False, True],
        "integral_ppm_us": near(0, full)[1:-1],
        "slot": [time // SLOT_NS],
        "peaks_ppm": peaks,
        "shock_at_ns": [NO_SHOCK, *[time - age for age in (0, 1, SECOND)], *[time - age - 1 for age in recovered]],
        "is_passive_only": [False, True],
        "now_ns": [
            *near(time, time + p.heartbeat_limit_ns, time + SECOND, time + 9 * SECOND, time + 10 * SECOND),
            *[MAX_NS, MAX_NS + 1, 0, -1, None],
        ],
        "heartbeat_age_ns": [*near(0, p.heartbeat_limit_ns, MAX_NS), None],
        "broken": [(), ("ledger",)],
        "envelope_age_ns": [*near(0, ENVELOPE_FRESH_NS, ENVELOPE_FRESH_NS + ENVELOPE_DECADE_NS, MAX_NS), None],
        "envelope_verdict": [*lines.VERDICTS, None],
        "jitter_ns": [*near(0, p.jitter_nominal_ns, p.jitter_limit_ns), (p.jitter_nominal_ns + p.jitter_limit_ns) // 2, None],
        "latency_ns": [*near(0, p.latency_nominal_ns, p.latency_limit_ns), (p.latency_nominal_ns + p.latency_limit_ns) // 2, None],
        "depth_ratio_ppm": [
            *near(0, p.depth_limit_ppm, p.depth_nominal_ppm, p.recovery_depth_limit_ppm, p.recovery_depth_nominal_ppm),
            *[(p.recovery_depth_limit_ppm + p.recovery_depth_nominal_ppm) // 2, None],
        ],
        "spread_ratio_ppm": [
            *near(0, p.recovery_spread_nominal_ppm, p.recovery_spread_limit_ppm),
            *[(p.recovery_spread_nominal_ppm + p.recovery_spread_limit_ppm) // 2, None],
        ],
        "is_taker_shock": [False, True, None],
        "is_plunge": [False, True, None],
        "is_dvol_shock": [False, True, None],
        "drawdown_ppm": [*near(-MAX_NS, 0, DRAWDOWN_STEP_PPM, 100_000, 500_000, MAX_NS), None],
    }


GOOD = {
    "heartbeat_age_ns": 0,
    "broken": (),
    "envelope_age_ns": 0,
    "envelope_verdict": "inside",
    "jitter_ns": 0,
    "latency_ns": 0,
    "depth_ratio_ppm": ONE,
    "spread_ratio_ppm": ONE,
    "is_taker_shock": False,
    "is_plunge": False,
    "is_dvol_shock": False,
    "drawdown_ppm": 0,
}
CALM = {
    **GOOD,
    "time_ns": START,
    "is_started": True,
    "integral_ppm_us": 0,
    "slot": START // SLOT_NS,
    "peaks_ppm": (ONE,) * SLOTS,
    "shock_at_ns": NO_SHOCK,
    "is_passive_only": False,
    "now_ns": START + SECOND // 4,
}


def sensing_bases(params: SurvivalParams) -> list[dict[str, Any]]:
    """States to walk from: calm, not started, recovering from a shock, and stressed in everything a little."""
    p = params
    worn = {
        "integral_ppm_us": p.integral_full_scale_us // 7 * p.integral_max_ppm // ONE,
        "peaks_ppm": tuple(range(ONE, ONE - 100_000 * SLOTS, -100_000)),
        "shock_at_ns": START - 600 * SECOND,
        "is_passive_only": True,
        "envelope_age_ns": 1_000 * SECOND + 7,
        "jitter_ns": (2 * p.jitter_nominal_ns + p.jitter_limit_ns) // 3,
        "latency_ns": (2 * p.latency_nominal_ns + p.latency_limit_ns) // 3,
        "depth_ratio_ppm": (p.recovery_depth_limit_ppm + 2 * p.recovery_depth_nominal_ppm) // 3,
        "spread_ratio_ppm": (2 * p.recovery_spread_nominal_ppm + p.recovery_spread_limit_ppm) // 3,
        "drawdown_ppm": 31_234,
        "now_ns": START + SECOND + 1,
    }
    return [
        CALM,
        {**CALM, "is_started": False, "peaks_ppm": (0,) * SLOTS},
        {**CALM, "shock_at_ns": START - 1_799 * SECOND},
        {**CALM, **worn},
    ]


def _assess(values: dict[str, Any], params: SurvivalParams) -> Case:
    memory = Memory(**{name: values[name] for name in Memory.__struct_fields__ if name in values})
    return lines.assessed(memory, Inputs(**{name: values[name] for name in Inputs._fields if name in values}), params)


def boundary_assessments(params: SurvivalParams) -> Iterator[Case]:
    """Every field at every boundary, alone and with every other field at every one of its own, from every base; and every knot."""
    yield lines.survival_params(params)
    table = sensing_boundaries(params)
    for base in sensing_bases(params):
        yield from pairwise(base, table, lambda values: _assess(values, params))
    ages = [ENVELOPE_FRESH_NS + knot * ENVELOPE_STEP_NS for knot in range(len(ENVELOPE_DECADE))]
    ages += [ENVELOPE_FRESH_NS + decade * ENVELOPE_DECADE_NS for decade in range(2, 9)]
    for age_ns, verdict in itertools.product(near(*ages), (*lines.VERDICTS, None)):
        yield _assess({**CALM, "envelope_age_ns": age_ns, "envelope_verdict": verdict}, params)
    for drawdown_ppm in near(*[knot * DRAWDOWN_STEP_PPM for knot in range(len(CAPITAL_STRESS) + 1)]):
        yield _assess({**CALM, "drawdown_ppm": drawdown_ppm}, params)


def random_assessments(draw: random.Random, count: int) -> Iterator[Case]:
    """Memories that keep the invariant of `assess`, with any readings."""
    params = SurvivalParams()
    table = sensing_boundaries(params)
    for number in range(count):
        if number % 200 == 0:
            params = draw.choice((SurvivalParams(), SurvivalParams(wired=SENSORS), any_params(draw, SurvivalParams)))
            table = sensing_boundaries(params)
            yield lines.survival_params(params)
        values = {name: draw.choice(boundaries) for name, boundaries in table.items()}
        full = params.integral_full_scale_us * params.integral_max_ppm // ONE
        freely: dict[str, Callable[[], Any]] = {
            "integral_ppm_us": lambda full=full: draw.randint(0, full),
            "peaks_ppm": lambda: tuple([draw.randint(0, ONE) for _ in range(SLOTS)]),
            "shock_at_ns": lambda: START - draw.randint(0, 2 * 3600 * SECOND),
            "now_ns": lambda: START + draw.randint(0, 12 * SECOND),
            "heartbeat_age_ns": lambda: draw.randint(0, 4 * SECOND),
            "envelope_age_ns": lambda: draw.randint(0, 10 ** draw.randint(10, 18)),
            "jitter_ns": lambda: draw.randint(0, 2 * SECOND),
            "latency_ns": lambda: draw.randint(0, 3 * SECOND),
            "depth_ratio_ppm": lambda: draw.randint(0, 1_200_000),
            "spread_ratio_ppm": lambda: draw.randint(0, 5 * ONE),
            "drawdown_ppm": lambda: draw.randint(-100_000, 600_000),
        }
        for name, value in freely.items():
            if draw.random() < 0.6:
                values[name] = value()
        if draw.random() < 0.7:
            values["broken"], values["heartbeat_age_ns"] = (), 0
        for name in GOOD:  # a reading that cannot be read is None to the oracle, whatever it is
            if values[name] is None:
                values[name] = draw.choice(NO_CLAIM if name.startswith("is_") else NONSENSE)
        yield _assess(values, params)


# The deciding half

R_GATES = near(0, *[gate for rung in LADDER[1:] for gate in (rung.enter_below_ppm, rung.leave_above_ppm)], ONE)[1:-1]


def deciding_boundaries(params: GovernorParams) -> Values:
    """The boundaries of every field of the governor's `State` and of what it reads of a demand (prefixed `to_`)."""
    p = params
    return {
        "time_ns": [START],
        "is_started": [False, True],
        "is_ready": [False, True],
        "is_broken": [False, True],
        "latch": ["", "ledger"],
        "r_ppm": R_GATES,
        "rise_anchor_ns": [START - age for age in (0, 1, p.recovery_ns_per_ppm - 1)],
        "posture": list(Posture),
        "posture_since_ns": [START - age for age in (0, *near(p.dwell_ns - p.seen_ns, p.dwell_ns - SECOND, p.dwell_ns))],
        "ceiling": list(Posture),
        "to_ns": [*near(START, START + SECOND, START + p.seen_ns, START + 60 * SECOND), START + p.recovery_ns_per_ppm, 0, MAX_NS],
        "to_ready": [False, True],
        "to_broken": [(), ("ledger",)],
        "to_r_ppm": R_GATES,
    }


STEADY = {
    "time_ns": START,
    "is_started": True,
    "is_ready": True,
    "is_broken": False,
    "latch": "",
    "r_ppm": 460_000,
    "rise_anchor_ns": START - 5,
    "posture": Posture.STALKER,
    "posture_since_ns": START - 100 * SECOND,
    "ceiling": Posture.APEX,
    "to_ns": START + SECOND // 4,
    "to_ready": True,
    "to_broken": (),
    "to_r_ppm": 700_000,
}


def _govern(values: dict[str, Any], params: GovernorParams) -> Case:
    return lines.governed(_state(values), _demand(values), params)


def _state(values: dict[str, Any]) -> governor.GovernorState:
    return governor.GovernorState(**{name: values[name] for name in governor.GovernorState.__struct_fields__})


def _demand(values: dict[str, Any]) -> Demand:
    r_cmd_ppm = values["to_r_ppm"]
    factors = (r_cmd_ppm, ONE, ONE, ONE, ONE)
    ready, broken = values["to_ready"], values["to_broken"]
    return Demand(values["to_ns"], ready, broken, r_cmd_ppm, r_cmd_ppm, factors, False, (), (), values["to_ns"])


def boundary_governments(params: GovernorParams) -> Iterator[Case]:
    """As `boundary_assessments`; and every threshold of R against every threshold of R_cmd in every posture around the dwell."""
    yield lines.governor_params(params)
    table = deciding_boundaries(params)
    bases = (STEADY, {**STEADY, "is_started": False, "posture": Posture.HIBERNATE, "r_ppm": 0}, {**STEADY, "posture": Posture.TURTLE})
    for base in bases:
        yield from pairwise(base, table, lambda values: _govern(values, params))
    full = itertools.product(Posture, R_GATES, R_GATES, near(params.dwell_ns - SECOND // 4), (SECOND // 4, 3600 * SECOND))
    for posture, r_ppm, to_r_ppm, age_ns, gap_ns in full:
        at = {"posture": posture, "r_ppm": r_ppm, "to_r_ppm": to_r_ppm, "posture_since_ns": START - age_ns, "to_ns": START + gap_ns}
        yield _govern({**STEADY, **at}, params)
    for is_ready, is_broken, latch, posture, r_ppm, ceiling in itertools.product(
        (False, True), (False, True), ("", "ledger"), Posture, R_GATES, Posture
    ):
        at = {"is_ready": is_ready, "is_broken": is_broken, "latch": latch, "posture": posture, "r_ppm": r_ppm, "ceiling": ceiling}
        yield from _words(_state({**STEADY, **at}))


def _words(state: governor.GovernorState) -> Iterator[Case]:
    """What else can happen to a state."""
    yield lines.latched(state)
    yield lines.unlatched(state)
    yield lines.restored(state)
    for ceiling in Posture:
        yield lines.forced(state, ceiling)


def random_governments(draw: random.Random, count: int) -> Iterator[Case]:
    """Any state that keeps the invariant of `govern`, with any demand."""
    params = GovernorParams()
    table = deciding_boundaries(params)
    for number in range(count):
        if number % 200 == 0:
            params = draw.choice((GovernorParams(), any_params(draw, GovernorParams)))
            table = deciding_boundaries(params)
            yield lines.governor_params(params)
        values = {name: draw.choice(boundaries) for name, boundaries in table.items()}
        freely: dict[str, Callable[[], Any]] = {
            "r_ppm": lambda: draw.randint(0, ONE),
            "to_r_ppm": lambda: draw.randint(0, ONE),
            "rise_anchor_ns": lambda rate=params.recovery_ns_per_ppm: START - draw.randint(0, rate - 1),
            "posture_since_ns": lambda: START - draw.randint(0, 10 ** draw.randint(1, 13)),
            "to_ns": lambda: START + draw.randint(0, 10 ** draw.randint(6, 13)),
        }
        for name, value in freely.items():
            if draw.random() < 0.6:
                values[name] = value()
        if draw.random() < 0.8:
            values.update(is_started=True, latch="", to_ready=True, to_broken=())
        yield _govern(values, params)
        if number % 50 == 0:
            yield from _words(_state(values))


# The adaptive cut-off and the account

SEVERITIES = near(0, 125_000, *breaker.TRIPS_AT_PPM, ONE)


def _vote(source: str, seq: int, time_ns: int, severity_ppm: object, is_clear: object, expires_at_ns: object) -> dict[str, object]:
    return {
        "source": source,
        "seq": seq,
        "time_ns": time_ns,
        "severity_ppm": severity_ppm,
        "is_clear": is_clear,
        "expires_at_ns": expires_at_ns,
        "reason": "r",
        "cause_id": "",
    }


def _source(name: str, severity_ppm: int, clears: int, unclear: int, expires_at_ns: int) -> breaker.Source:
    return breaker.Source(name, 5, severity_ppm, clears, unclear, expires_at_ns, "r", "")


def _entry(
    level: int, is_latched: bool, hold_until_ns: int, sources: Sequence[breaker.Source], episodes: tuple[int, ...] = ()
) -> breaker.BreakerState:
    cap_ppm = MAX_LEVERAGE_PPM * CUTS_PPM[level] // ONE
    return breaker.BreakerState(
        "main",
        "BTCUSDT",
        epoch=START - 1,
        seq=9,
        time_ns=START,
        expires_at_ns=START + 2 * SECOND,
        cap_ppm=cap_ppm,
        level=level,
        is_latched=is_latched,
        hold_until_ns=hold_until_ns,
        episodes_ns=episodes,
        sources=tuple(sources),
    )


def boundary_votes(params: BreakerParams) -> Iterator[Case]:
    """Every pair of severities; every trip, level, hold and count of clears around its threshold."""
    yield lines.breaker_params(params)
    now_ns, end_ns = START + SECOND, START + 3 * SECOND
    for one_ppm, other_ppm, level in itertools.product(SEVERITIES, SEVERITIES, range(WORST_LEVEL + 1)):
        sources = [_source("s01", min(ONE, max(-1, other_ppm)), params.clears, 0, end_ns)]
        vote = _vote("s02", 6, now_ns, one_ppm, True, end_ns)
        yield lines.voted(_entry(level, False, 0, sources), [vote], params)
    clears = near(0, params.clears)[1:]
    bits = range(8)
    for count, unclear, level, is_latched, hold_ns, lease_ns in itertools.product(
        clears, bits, range(WORST_LEVEL + 1), (False, True), near(now_ns), near(now_ns)
    ):
        sources = [_source("s01", 0, min(count, params.clears), unclear, lease_ns)]
        for severity_ppm, is_clear in ((0, True), (params.clear_ppm - 1, True), (params.clear_ppm, True), (0, False), (-1, True)):
            vote = _vote("s02", 6, now_ns, severity_ppm, is_clear, end_ns)
            again = _vote("s02", 7, now_ns, severity_ppm, is_clear, end_ns)
            yield lines.voted(_entry(level, is_latched, hold_ns, sources), [vote, again], params)
    for episodes, name, unclear, is_latched in itertools.product(range(9), ("invariant", "s01"), bits, (False, True)):
        window = params.episode_window_ns
        ages = [tuple(now_ns - window + step for _ in range(episodes)) for step in (-1, 0, 1)]
        for episodes_ns in ages:
            state = _entry(1, is_latched, 0, [_source(name, 0, 0, unclear, end_ns)], episodes_ns)
            yield lines.voted(state, [_vote(name, 6, now_ns, ONE, False, end_ns)], params)
    for held in range(breaker.MAX_SOURCES - 1, breaker.MAX_SOURCES + 1):
        sources = [_source(name, 0, params.clears, 0, end_ns) for name in SOURCES[1 : held + 1]]
        for newcomer in ("invariant", SOURCES[held], SOURCES[held + 1]):
            yield lines.voted(_entry(0, False, 0, sources), [_vote(newcomer, 6, now_ns, 0, True, end_ns)], params)


def random_votes(draw: random.Random, count: int) -> Iterator[Case]:
    """Any states of the cut-off, with one to four votes and now and then an operator's word."""
    params = BreakerParams()
    for number in range(count):
        if number % 200 == 0:
            params = draw.choice((BreakerParams(), any_params(draw, BreakerParams)))
            yield lines.breaker_params(params)
        names = sorted(draw.sample(SOURCES[:18], draw.choice((0, 1, 1, 2, 3, 5, 16))), key=SOURCES.index)
        sources = [_any_source(draw, name, params) for name in names]
        episodes = tuple(sorted(START - draw.randint(0, 10 ** draw.randint(9, 14)) for _ in range(draw.choice((0, 1, 3, 8)))))
        state = _entry(draw.randint(0, WORST_LEVEL), draw.random() < 0.5, START + draw.randint(-10, 10) * SECOND, sources, episodes)
        manual = Manual(draw.randint(0, WORST_LEVEL), draw.choice((0, 5)), "")
        state = state._replace(seq=draw.choice((0, 9)), manual=draw.choice((Manual(), manual)))
        if number % 10 == 0:
            yield lines.operated(state, _any_manual(draw), params)
        else:
            votes = [_any_vote(draw, params) for _ in range(draw.choice((1, 1, 1, 2, 4)))]
            yield lines.voted(state, votes, params)


def _any_source(draw: random.Random, name: str, params: BreakerParams) -> breaker.Source:
    severity_ppm = draw.choice((0, draw.choice(SEVERITIES[1:-1]), draw.randint(-1, ONE)))
    clears = draw.choice((0, params.clears, params.clears, draw.randint(0, params.clears)))
    return breaker.Source(
        name, draw.randint(1, 9), severity_ppm, clears, draw.choice((0, draw.randint(0, 7))), START + draw.randint(-1, 9) * SECOND, "r", ""
    )


def _any_vote(draw: random.Random, params: BreakerParams) -> dict[str, object]:
    severity = draw.choice((0, 0, params.clear_ppm - 1, draw.choice(SEVERITIES), draw.randint(-2, ONE + 1), draw.choice(NONSENSE)))
    time_ns = START + draw.choice((draw.randint(-5, 10) * SECOND, draw.randint(0, 10**13)))
    expires = draw.choice((time_ns + 2 * SECOND, time_ns + 2 * SECOND, time_ns, MAX_NS, MAX_NS + 1, draw.choice(NONSENSE)))
    return _vote(draw.choice(SOURCES[:18]), draw.randint(1, 12), time_ns, severity, draw.choice((True, True, False, None, 1)), expires)


def _any_manual(draw: random.Random) -> dict[str, object]:
    return {
        "seq": draw.choice((1, 5, 6, MAX_NS, MAX_NS + 1, 0, None)),
        "time_ns": draw.choice((START, START + SECOND, 0, MAX_NS, MAX_NS + 1, -1, math.nan)),
        "op": draw.choice(("cut", "release")),
        "level": draw.choice((0, 1, 2, 3, 4, 5, None, "2")),
        "by": "anna",
        "reason": "",
    }


def random_decisions(draw: random.Random, count: int) -> Iterator[Case]:
    """Any states of an account's entry, with any survival signal and now and then an operator's word."""
    caps = near(0, *[rung.cap_ppm for rung in LADDER], MAX_LEVERAGE_PPM)
    orders = (0, 1, 4, 5, 6, MAX_NS, MAX_NS + 1, None)
    for number in range(count):
        state = account_gate.AccountState(
            "main",
            epoch=draw.choice((0, START)),
            seq=draw.choice((0, 7)),
            time_ns=START,
            cap_ppm=draw.choice((0, 1_200_000, 2_000_000, 6_000_000)),
            posture=draw.choice(list(Posture)),
            granted_ppm=draw.choice((0, 2_000_000, 6_000_000)),
            is_passive_only=draw.random() < 0.5,
            source_epoch=5,
            source_seq=draw.choice((0, 5)),
            manual=Manual(draw.randint(0, WORST_LEVEL), 5, ""),
        )
        signal: dict[str, object] = {
            "epoch": draw.choice(orders),
            "seq": draw.choice(orders),
            "issued_at_ns": draw.choice((START, START - 1, START + 1, MAX_NS, MAX_NS + 1, 1.5)),
            "expires_at_ns": draw.choice((START, MAX_NS, MAX_NS + 1, -1, None)),
            "posture": draw.choice((*Posture.__members__, "BEAR", None, 2)),
            "cap_ppm": draw.choice((*caps, None, draw.randint(0, MAX_LEVERAGE_PPM))),
            "r_total_ppm": draw.choice((*near(0, ONE), math.nan)),
            "passive_only": draw.choice((True, False, None, 0)),
        }
        yield lines.operated(state, _any_manual(draw), BreakerParams()) if number % 8 == 0 else lines.decided(state, signal)


def pairwise(base: dict[str, Any], table: Values, case: Callable[[dict[str, Any]], Case]) -> Iterator[Case]:
    """The base with every pair of fields at every pair of their boundaries (which has every single field in it)."""
    for one, other in itertools.combinations(table, 2):
        for first, second in itertools.product(table[one], table[other]):
            yield case({**base, one: first, other: second})
