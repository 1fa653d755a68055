"""The lines that the extracted oracle reads and writes, for the records of `dolphin.core.control`; and the process that answers them.

A missing or unreadable reading is "-", whatever it is in Python; a text counts only as empty or not. `formal/coq/oracle/oracle.ml` gives
the format. `Case` is one question with the answer that the Python rule gives.
"""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from dolphin.core.control import account_gate, breaker, governor, posture_gate
from dolphin.core.control.assessment import Demand, Inputs, Memory, assess
from dolphin.core.control.manual_cut import Manual
from dolphin.core.control.params import BreakerParams, GovernorParams, SurvivalParams, describe
from dolphin.core.control.posture import Posture

WIRED = ("envelope", "jitter", "latency", "depth", "spread", "taker", "plunge", "dvol", "equity")
SURVIVAL_NUMBERS = tuple([each.name for each in describe(SurvivalParams)])
VERDICTS = ("inside", "edge", "outside")
SOURCES = ("invariant", *(f"s{number:02d}" for number in range(1, 24)))  # in the order in which the rule sorts them
REFUSED = "refused"


class Case(NamedTuple):
    """A line for the oracle and the line it must answer (None: it sets parameters and answers nothing)."""

    question: str
    answer: str | None


def run(command: Sequence[str | Path], cases: Iterable[Case]) -> list[tuple[Case, str]]:
    """Every case with an answer, beside what the program answered."""
    todo = list(cases)
    asked = [case for case in todo if case.answer is not None]
    text = "\n".join([case.question for case in todo]) + "\n"
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(asked)
    return list(zip(asked, answers, strict=True))


def disagreements(command: Sequence[str | Path], cases: Iterable[Case]) -> list[str]:
    """The first few cases in which the program and the Python rule differ, told."""
    wrong = [(case, answer) for case, answer in run(command, cases) if case.answer != answer]
    return [f"{case.question}\n  Python: {case.answer}\n  other:  {answer}" for case, answer in wrong[:5]]


def survival_params(params: SurvivalParams) -> Case:
    wired = [str(int(name in params.wired)) for name in WIRED]
    return Case(" ".join(["survival-params", *wired, *[str(getattr(params, name)) for name in SURVIVAL_NUMBERS]]), None)


def governor_params(params: GovernorParams) -> Case:
    return Case(f"governor-params {params.recovery_ns_per_ppm} {params.dwell_ns} {params.seen_ns} {params.lease_max_ns}", None)


def breaker_params(params: BreakerParams) -> Case:
    p = params
    return Case(f"breaker-params {p.hold_ns} {p.hold_max_ns} {p.episode_window_ns} {p.clear_ppm} {p.clears}", None)


def assessed(memory: Memory, inputs: Inputs, params: SurvivalParams) -> Case:
    after, demand = assess(memory, inputs, params)
    return Case(f"assess {_memory(memory)} {_inputs(inputs)}", f"{_memory(after)} {_demand(demand)}")


def governed(state: governor.GovernorState, demand: Demand, params: GovernorParams) -> Case:
    d = demand
    question = f"govern {_state(state)} {d.time_ns} {d.is_ready:d} {bool(d.broken):d} {d.r_cmd_ppm}"
    return Case(question, _granted(governor.govern(state, demand, params)))


def latched(state: governor.GovernorState) -> Case:
    return Case(f"latch {_state(state)}", _granted(governor.latched(state, "broken")))


def unlatched(state: governor.GovernorState) -> Case:
    """The operator's release."""
    signal = {"kind": "operator", "op": "unlatch", "by": "anna", "seq": 1}
    outcome = posture_gate.apply(posture_gate.PostureState("main", governed=state), signal, GovernorParams())
    return Case(f"unlatch {_state(state)}", _granted(outcome.state.governed) if outcome.is_accepted else REFUSED)


def restored(state: governor.GovernorState) -> Case:
    """A full stop."""
    return Case(f"restore {_state(state)}", _granted(posture_gate.restored(posture_gate.PostureState("main", governed=state)).governed))


def forced(state: governor.GovernorState, ceiling: Posture) -> Case:
    return Case(f"force {_state(state)} {ceiling:d}", _granted(replace(state, ceiling=ceiling)))


def voted(state: breaker.BreakerState, votes: Sequence[dict[str, object]], params: BreakerParams) -> Case:
    outcome = breaker.apply(state, {"kind": "vote", "votes": list(votes)}, params)
    question = f"vote {_entry(state)} {len(votes)}"
    return Case(" ".join([question, *map(_vote, votes)]), _outcome(_entry(outcome.state), outcome.is_accepted, outcome.is_changed))


def operated(state: breaker.BreakerState | account_gate.AccountState, signal: dict[str, object], params: BreakerParams) -> Case:
    """A manual signal on an asset's or an account's entry; its `by` and `op` must be readable."""
    suffix = f"{_reading(signal['seq'])} {_reading(signal['time_ns'])} {signal['op']}"
    if signal["op"] == "cut":
        suffix += f" {_reading(signal['level'])}"
    if isinstance(state, breaker.BreakerState):
        done = breaker.apply(state, {"kind": "manual", **signal}, params)
        return Case(f"operated {_entry(state)} {suffix}", _outcome(_entry(done.state), done.is_accepted, done.is_changed))
    outcome = account_gate.apply(state, {"kind": "manual", **signal})
    return Case(f"operate {_account(state)} {suffix}", _outcome(_account(outcome.state), outcome.is_accepted, outcome.is_changed))


def decided(state: account_gate.AccountState, signal: dict[str, object]) -> Case:
    """A survival signal on an account's entry."""
    s = signal
    readings = " ".join([_reading(s[name]) for name in ("epoch", "seq", "issued_at_ns", "expires_at_ns")])
    name = s["posture"]
    posture = "-" if not isinstance(name, str) or name not in Posture.__members__ else str(int(Posture[name]))
    question = f"decide {_account(state)} {readings} {posture} {_reading(s['cap_ppm'])} {_reading(s['r_total_ppm'])}"
    outcome = account_gate.apply(state, {"kind": "survival", **signal})
    answer = _outcome(_account(outcome.state), outcome.is_accepted, outcome.is_changed)
    return Case(f"{question} {s['passive_only'] is not False:d}", answer)


def _reading(value: object) -> str:
    return str(value) if type(value) is int else "-"


def _claim(value: object) -> str:
    return "-" if type(value) is not bool else "1" if value else "0"


def _memory(m: Memory) -> str:
    peaks = " ".join(map(str, m.peaks_ppm))
    return f"{m.time_ns} {m.is_started:d} {m.integral_ppm_us} {m.slot} {len(m.peaks_ppm)} {peaks} {m.shock_at_ns} {m.is_passive_only:d}"


def _inputs(i: Inputs) -> str:
    verdict = str(VERDICTS.index(i.envelope_verdict)) if i.envelope_verdict in VERDICTS else "-"
    return (
        f"{_reading(i.now_ns)} {_reading(i.heartbeat_age_ns)} {bool(i.broken):d} {_reading(i.envelope_age_ns)} {verdict} "
        f"{_reading(i.jitter_ns)} {_reading(i.latency_ns)} {_reading(i.depth_ratio_ppm)} {_reading(i.spread_ratio_ppm)} "
        f"{_claim(i.is_taker_shock)} {_claim(i.is_plunge)} {_claim(i.is_dvol_shock)} {_reading(i.drawdown_ppm)}"
    )


def _demand(d: Demand) -> str:
    factors = " ".join(map(str, d.factors_ppm))
    head = f"{d.time_ns} {d.is_ready:d} {bool(d.broken):d} {d.r_cmd_ppm} {d.r_raw_ppm}"
    return f"{head} {factors} {d.is_passive_only:d} {d.expires_at_ns}"


def _state(s: governor.GovernorState) -> str:
    flags = f"{s.is_started:d} {s.is_ready:d} {s.is_broken:d} {bool(s.latch):d}"
    return f"{s.time_ns} {flags} {s.r_ppm} {s.rise_anchor_ns} {s.posture:d} {s.posture_since_ns} {s.ceiling:d}"


def _granted(s: governor.GovernorState) -> str:
    grant = governor.grant(s)
    return f"{_state(s)} {grant.posture:d} {grant.cap_ppm} {grant.r_ppm}"


def _manual(m: Manual) -> str:
    return f"{m.level} {m.seq}"


def _source(s: breaker.Source) -> str:
    return f"{SOURCES.index(s.name)} {s.seq} {s.severity_ppm} {s.clears} {s.unclear} {s.expires_at_ns}"


def _entry(s: breaker.BreakerState) -> str:
    head = f"{s.epoch} {s.seq} {s.time_ns} {s.expires_at_ns} {s.cap_ppm} {s.level} {s.is_latched:d} {s.hold_until_ns}"
    parts = [head, str(len(s.episodes_ns)), *map(str, s.episodes_ns), _manual(s.manual), str(len(s.sources)), *map(_source, s.sources)]
    return " ".join(parts)


def _vote(v: dict[str, object]) -> str:
    head = f"{SOURCES.index(str(v['source']))} {v['seq']} {v['time_ns']} {_reading(v['severity_ppm'])}"
    return f"{head} {v['is_clear'] is True:d} {_reading(v['expires_at_ns'])}"


def _account(s: account_gate.AccountState) -> str:
    head = f"{s.epoch} {s.seq} {s.time_ns} {s.expires_at_ns} {s.cap_ppm} {s.posture:d} {s.granted_ppm} {s.r_total_ppm}"
    return f"{head} {s.is_passive_only:d} {s.source_epoch} {s.source_seq} {_manual(s.manual)}"


def _outcome(state: str, is_accepted: bool, is_changed: bool) -> str:
    return f"{state} {is_changed:d}" if is_accepted else REFUSED
