"""The numbers of `law.toml` as typed records, and the orderings without which a worse reading could raise the cap.

A record checks itself when it is made, whether its values are the law's or a test's: what passes is safe to hand to `step` and `apply`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final, NamedTuple

from dolphin.core.control.senses import SENSORS, Ear, ears
from dolphin.core.law import LAW, Number, check
from dolphin.core.units import ONE
from dolphin.errors import BadInput


class Description(NamedTuple):
    """One row of the parameters table in `docs/control-law.md`."""

    name: str
    number: Number


def of(section: str, name: str) -> int:
    """A dataclass field whose default is the law's `section.name`, with its unit, range and reason."""
    return field(default=LAW.number(section, name), metadata={"number": LAW.numbers[section][name]})


def describe(record: type) -> Iterator[Description]:
    """The numeric parameters of a record class, in order."""
    for each in fields(record):
        if each.metadata:
            yield Description(each.name, each.metadata["number"])


def table(record: type) -> str:
    """The parameters of a record class as a Markdown table, for `docs/control-law.md`."""
    lines = ["| parameter | unit | default | range | reason |", "|---|---|---|---|---|"]
    for name, ((value,), unit, low, high, reason) in describe(record):
        lines.append(f"| `{name}` | {unit} | {value:,} | {low:,} to {high:,} | {reason} |")
    return "\n".join(lines)


def check_ranges(record: object) -> None:
    """Refuse a record with a value outside its range; raises BadInput naming the field."""
    for name, number in describe(type(record)):
        check(name, getattr(record, name), number.unit, number.low, number.high, f"The default is {number.values[0]}.")


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

    heartbeat_limit_ns: int = of("survival", "heartbeat_limit_ns")
    jitter_nominal_ns: int = of("survival", "jitter_nominal_ns")
    jitter_limit_ns: int = of("survival", "jitter_limit_ns")
    latency_nominal_ns: int = of("survival", "latency_nominal_ns")
    latency_limit_ns: int = of("survival", "latency_limit_ns")
    depth_limit_ppm: int = of("survival", "depth_limit_ppm")
    depth_nominal_ppm: int = of("survival", "depth_nominal_ppm")
    microstructure_floor_ppm: int = of("survival", "microstructure_floor_ppm")
    passive_below_ppm: int = of("survival", "passive_below_ppm")
    passive_clear_ppm: int = of("survival", "passive_clear_ppm")

    shock_ppm: int = of("survival", "shock_ppm")
    shock_recovery_ns: int = of("survival", "shock_recovery_ns")
    recovery_depth_limit_ppm: int = of("survival", "recovery_depth_limit_ppm")
    recovery_depth_nominal_ppm: int = of("survival", "recovery_depth_nominal_ppm")
    recovery_spread_nominal_ppm: int = of("survival", "recovery_spread_nominal_ppm")
    recovery_spread_limit_ppm: int = of("survival", "recovery_spread_limit_ppm")

    leak_ppm: int = of("survival", "leak_ppm")
    integral_full_scale_us: int = of("survival", "integral_full_scale_us")
    integral_max_ppm: int = of("survival", "integral_max_ppm")
    derivative_gain_ppm: int = of("survival", "derivative_gain_ppm")
    derivative_max_ppm: int = of("survival", "derivative_max_ppm")

    lease_ns: int = of("survival", "lease_ns")

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
        check_order(self, "passive_below_ppm", "passive_clear_ppm", "the threshold would chatter")
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
    """Parameters of the deciding half (`governor.govern`). The member reads them from the same file."""

    recovery_ns_per_ppm: int = of("governor", "recovery_ns_per_ppm")
    dwell_ns: int = of("governor", "dwell_ns")
    seen_ns: int = of("governor", "seen_ns")
    lease_max_ns: int = of("governor", "lease_max_ns")

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerParams:
    """Parameters of the adaptive cut-off (`breaker.apply`). The member reads them from the same file."""

    hold_ns: int = of("breaker", "hold_ns")
    hold_max_ns: int = of("breaker", "hold_max_ns")
    episode_window_ns: int = of("breaker", "episode_window_ns")
    clear_ppm: int = of("breaker", "clear_ppm")
    clears: int = of("breaker", "clears")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.hold_max_ns < self.hold_ns:
            raise BadInput("must not be below hold_ns", field="hold_max_ns", value=self.hold_max_ns, remedy="Raise it.")


LAW_HASH: Final = LAW.digest(f"wired={sorted(SurvivalParams().wired)}")
"""The law hash of this process: the law's numbers, and what is wired of its sensors."""


def difference(other: str) -> str:
    """What is wrong if a batch was made under the law `other`; "" if it is this process's own."""
    return "" if other == LAW_HASH else f"configuration hash {other or 'missing'} in the market, {LAW_HASH} here"
