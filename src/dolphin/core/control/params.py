"""Every number of the control law that is not a definition, with its unit, range and reason.

Numbers marked *given* come from `control.md`; the rest are our choices. A record checks itself when it is made: each value against its
range, and the orderings without which a worse reading could raise the cap. What passes is safe to hand to `step` and `apply`.
"""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import NamedTuple

from dolphin.core.control.senses import SENSORS, Ear, ears
from dolphin.core.units import ONE
from dolphin.errors import BadInput

MS = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class Description(NamedTuple):
    """One row of the parameters table in `docs/control-law.md`."""

    name: str
    unit: str
    default: int
    low: int
    high: int
    reason: str


def number(default: int, unit: str, low: int, high: int, reason: str) -> int:
    """A dataclass field for an integer parameter with its unit, its inclusive range and the reason for its default."""
    return field(default=default, metadata={"unit": unit, "low": low, "high": high, "reason": reason})


def describe(record: type) -> Iterator[Description]:
    """The numeric parameters of a record class, in order."""
    for each in fields(record):
        if each.metadata:
            assert isinstance(each.default, int)
            yield Description(
                each.name, each.metadata["unit"], each.default, each.metadata["low"], each.metadata["high"], each.metadata["reason"]
            )


def table(record: type) -> str:
    """The parameters of a record class as a Markdown table, for `docs/control-law.md`."""
    lines = ["| parameter | unit | default | range | reason |", "|---|---|---|---|---|"]
    lines += [
        f"| `{each.name}` | {each.unit} | {each.default:,} | {each.low:,} to {each.high:,} | {each.reason} |" for each in describe(record)
    ]
    return "\n".join(lines)


def check_ranges(record: object) -> None:
    """Refuse a record with a value outside its range; raises BadInput naming the field."""
    for each in fields(record):  # type: ignore[arg-type]
        if each.metadata:
            _check_range(each, getattr(record, each.name))


def _check_range(each: "Field[object]", value: object) -> None:
    low, high, unit = each.metadata["low"], each.metadata["high"], each.metadata["unit"]
    if type(value) is not int or not low <= value <= high:
        assert each.default is not MISSING
        raise BadInput(
            f"must be a whole number of {unit} from {low} to {high}",
            field=each.name,
            value=value,
            remedy=f"The default is {each.default}.",
        )


def check_order(record: object, lower: str, upper: str, why: str) -> None:
    """Refuse a record unless `lower < upper`; raises BadInput naming the fields."""
    if not getattr(record, lower) < getattr(record, upper):
        raise BadInput(
            f"must be below {upper} = {getattr(record, upper)}, or {why}",
            field=lower,
            value=getattr(record, lower),
            remedy=f"Lower {lower} or raise {upper}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalParams:
    """Parameters of the sensing half of the survival controller (`assessment.assess`)."""

    # The part of `SENSORS` that exists in a build; the rest is reported as "not sensed".
    wired: frozenset[str] = frozenset({"heartbeat", "jitter", "latency", "depth", "spread", "taker"})

    heartbeat_limit_ns: int = number(
        3 * SECOND, "ns", 10 * MS, MINUTE, "12 missed 250 ms heartbeats: longer than any pause of a healthy feed"
    )
    jitter_nominal_ns: int = number(50 * MS, "ns", 0, MINUTE, "ordinary queueing on one connection")
    jitter_limit_ns: int = number(1 * SECOND, "ns", 1, MINUTE, "prices of different ages mixed in one decision")
    latency_nominal_ns: int = number(200 * MS, "ns", 0, MINUTE, "given: 200 ms of WebSocket lag is ignored")
    latency_limit_ns: int = number(2 * SECOND, "ns", 1, MINUTE, "the lease of a cap: older data decides nothing")
    depth_limit_ppm: int = number(100_000, "ppm", 0, ONE, "nine tenths of the book gone: the 2025-10-10 cascade")
    depth_nominal_ppm: int = number(400_000, "ppm", 1, ONE, "the book within 10 bps halves every few minutes on a calm day")
    microstructure_floor_ppm: int = number(250_000, "ppm", 0, ONE, "given: each of the three readings falls to 0.25, not to 0")
    passive_below_ppm: int = number(700_000, "ppm", 0, ONE, "given: f3 below this allows passive orders only")
    passive_clear_ppm: int = number(800_000, "ppm", 0, ONE, "given: f3 above this allows takers again")

    shock_ppm: int = number(300_000, "ppm", 0, ONE - 1, "given: f4 right after a shock")
    shock_recovery_ns: int = number(HOUR, "ns", MINUTE, 24 * HOUR, "given: f4 back at 1 an hour after the last shock")
    recovery_depth_limit_ppm: int = number(200_000, "ppm", 0, ONE, "while recovering: a fifth of the usual depth allows no recovery")
    recovery_depth_nominal_ppm: int = number(
        800_000, "ppm", 1, ONE, "while recovering: f4 is back at 1 only with the book; in the afternoon of 2025-10-10 it was not"
    )
    recovery_spread_nominal_ppm: int = number(
        1_500_000, "ppm of its median", ONE, 1000 * ONE, "while recovering: one and a half times the usual spread counts as recovered"
    )
    recovery_spread_limit_ppm: int = number(
        4 * ONE, "ppm of its median", ONE + 1, 1000 * ONE, "while recovering: four times the usual spread allows no recovery"
    )

    leak_ppm: int = number(100_000, "ppm of deficit", 1, ONE, "deficits below this drain the integral, larger ones fill it")
    integral_full_scale_us: int = number(
        400_000 * 3_600_000_000 * 10, "ppm us", 1, 2**60, "one hour at deficit 0.5, less the leak, takes 0.10 (given): 10x that takes 1"
    )
    integral_max_ppm: int = number(300_000, "ppm", 0, ONE, "given: most that the integral takes (anti-windup)")
    derivative_gain_ppm: int = number(500_000, "ppm per 1 lost in 10 s", 0, ONE, "a fall from 1 to 0 within 10 s takes the most it can")
    derivative_max_ppm: int = number(500_000, "ppm", 0, ONE, "given: most that the derivative takes")

    lease_ns: int = number(2 * SECOND, "ns", 10 * MS, MINUTE, "how long a decision may be believed without a newer one")

    # What follows from the above, worked out once and not in every step.
    ears: tuple[Ear, ...] = field(init=False, repr=False, compare=False)
    integral_limit_ppm_us: int = field(init=False, repr=False, compare=False)  # the integral takes `integral_max_ppm` there (anti-windup)

    def __post_init__(self) -> None:
        check_ranges(self)
        worse = "a worse reading would raise the cap"
        check_order(self, "jitter_nominal_ns", "jitter_limit_ns", worse)
        check_order(self, "latency_nominal_ns", "latency_limit_ns", worse)
        check_order(self, "depth_limit_ppm", "depth_nominal_ppm", worse)
        check_order(self, "recovery_depth_limit_ppm", "recovery_depth_nominal_ppm", worse)
        check_order(self, "recovery_spread_nominal_ppm", "recovery_spread_limit_ppm", worse)
        check_order(self, "passive_below_ppm", "passive_clear_ppm", "the gate would chatter")
        unknown = self.wired - SENSORS
        if unknown:
            raise BadInput("no such sensor", field="wired", value=sorted(unknown), remedy=f"Known: {', '.join(sorted(SENSORS))}.")
        if "heartbeat" not in self.wired:
            raise BadInput(
                "a controller without a heartbeat cannot notice silence", field="wired", value=sorted(self.wired), remedy="Add it."
            )
        object.__setattr__(self, "ears", ears(self.wired))
        object.__setattr__(self, "integral_limit_ppm_us", self.integral_full_scale_us * self.integral_max_ppm // ONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorParams:
    """Parameters of the deciding half (`governor.govern`). The Java rule holds the same defaults; the golden vectors compare them."""

    recovery_ns_per_ppm: int = number(6 * MS, "ns per ppm", 6 * MS, HOUR, "given: R rises at most 1 % per minute; slower is allowed")
    dwell_ns: int = number(60 * SECOND, "ns", 60 * SECOND, HOUR, "given: least time in a posture before a rise")
    seen_ns: int = number(3 * SECOND, "ns", 10 * MS, MINUTE, "a longer gap between demands was not seen: the rest of it earns no recovery")
    lease_max_ns: int = number(MINUTE, "ns", 10 * MS, MINUTE, "no demand is believed for longer, whatever it says")

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerParams:
    """Parameters of the adaptive cut-off (`acb.apply`). The Java rule holds the same defaults; the golden vectors compare them."""

    hold_ns: int = number(5 * MINUTE, "ns", SECOND, 2 * HOUR, "given: a cut is held this long, doubled per earlier episode")
    hold_max_ns: int = number(2 * HOUR, "ns", SECOND, 24 * HOUR, "given: longest hold")
    episode_window_ns: int = number(6 * HOUR, "ns", MINUTE, 7 * 24 * HOUR, "given: earlier episodes counted")
    clear_ppm: int = number(125_000, "ppm", 1, 250_000, "given: clear at half the trip of level 1")
    clears: int = number(3, "readings", 1, 100, "given: K consecutive clear readings of every source")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.hold_max_ns < self.hold_ns:
            raise BadInput("must not be below hold_ns", field="hold_max_ns", value=self.hold_max_ns, remedy="Raise it.")
