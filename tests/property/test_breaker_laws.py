"""The laws of the cut-off and of the leverage entry, on any signals."""

import msgpack
from hypothesis import given, settings
from hypothesis import strategies as st

from dolphin.core.control import breaker, gate_entry
from dolphin.core.control.breaker import BreakerState
from dolphin.core.control.command import decode
from dolphin.core.control.params import BreakerParams

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
PARAMS = BreakerParams()
SOURCES = ("depth", "invariant", "spread", "taker")
EDGES = (-1, 0, 1, 124_999, 125_000, 249_999, 250_000, 500_000, 750_000, 949_999, 950_000, 1_000_000)
STEPS = st.sampled_from((-SECOND, 0, 1, SECOND // 4, SECOND, 3 * SECOND, 301 * SECOND, 3_600 * SECOND))

VOTES = st.builds(
    lambda source, step, severity, is_clear: (source, step, severity, is_clear),
    st.sampled_from(SOURCES),
    STEPS,
    st.sampled_from(EDGES),
    st.booleans(),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=4) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ("source", "seq", "time_ns", "severity_ppm", "is_clear", "reason", "cause_id", "expires_at_ns", "votes", "op", "by", "level")


def signal(votes: list[tuple[str, int, int, bool]], now_ns: int) -> dict[str, object]:
    return {
        "kind": "vote",
        "votes": [
            {
                "source": source,
                "seq": max(1, now_ns + step),
                "time_ns": max(0, now_ns + step),
                "severity_ppm": severity,
                "is_clear": is_clear,
                "reason": "r",
                "cause_id": "c",
                "expires_at_ns": now_ns + step + 2 * SECOND,
            }
            for source, step, severity, is_clear in votes
        ],
    }


@settings(max_examples=150)
@given(st.lists(st.tuples(STEPS.filter(lambda step: step > 0), st.lists(VOTES, min_size=1, max_size=4)), max_size=40))
def test_it_never_loosens_more_than_a_level_nor_without_all_sources_clear_and_fresh(
    ticks: list[tuple[int, list[tuple[str, int, int, bool]]]],
) -> None:
    state, now_ns = BreakerState("paper", "BTCUSDT"), START
    for step, votes in ticks:
        now_ns += step
        before, outcome = state, breaker.apply(state, signal(votes, now_ns), PARAMS)
        state = outcome.state
        assert state.time_ns >= before.time_ns
        assert state.seq == before.seq + outcome.is_accepted
        if not outcome.is_accepted:
            assert state == before
        if state.level < before.level:
            assert state.level == before.level - 1
            assert not before.is_latched or state.time_ns >= before.hold_until_ns
            for source in state.sources:
                assert source.clears >= PARAMS.clears
                assert 0 <= source.severity_ppm < PARAMS.clear_ppm
                assert state.time_ns < source.expires_at_ns
        if state.is_latched and not before.is_latched:
            assert state.hold_until_ns >= state.time_ns + PARAMS.hold_ns
        assert len(state.episodes_ns) <= breaker.MAX_EPISODES


@given(st.lists(VOTES, min_size=1, max_size=4), st.integers(0, 3), st.sampled_from(EDGES), st.sampled_from(EDGES))
def test_a_larger_severity_never_gives_a_larger_cap(
    votes: list[tuple[str, int, int, bool]], index: int, one_ppm: int, other_ppm: int
) -> None:
    state = BreakerState("paper", "BTCUSDT", level=0, cap_ppm=6_000_000, seq=1)
    index %= len(votes)
    source, step, _, is_clear = votes[index]
    small, large = sorted((one_ppm, other_ppm))
    caps = [
        breaker.apply(state, signal([*votes[:index], (source, step, severity, is_clear), *votes[index + 1 :]], START), PARAMS).state.cap_ppm
        for severity in (small, large)
    ]
    assert caps[1] <= caps[0]


@given(st.lists(VOTES, min_size=1, max_size=4))
def test_the_same_signal_again_changes_nothing(votes: list[tuple[str, int, int, bool]]) -> None:
    once = breaker.apply(BreakerState("paper", "BTCUSDT"), signal(votes, START), PARAMS).state
    again = breaker.apply(once, signal(votes, START), PARAMS)
    assert again.state == once
    assert not again.is_accepted


@settings(max_examples=300)
@given(
    st.sampled_from(("paper", "paper/BTCUSDT")),
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            JSON.map(msgpack.packb),
            st.builds(
                lambda kind, fields: msgpack.packb({"kind": kind, **fields}),
                st.sampled_from(("vote", "survival", "manual", "?")),
                st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=10),
            ),
        ),
        max_size=4,
    ),
)
def test_no_payload_makes_an_entry_fail_or_lose_its_value(key: str, payloads: list[bytes]) -> None:
    value: bytes | None = None
    for payload in payloads:
        applied = gate_entry.apply("LEVERAGE", key, value, payload)
        answer = msgpack.unpackb(applied.answer)
        assert answer["accepted"] is (applied.value != value)
        assert bool(answer["refusal"]) is not answer["accepted"]
        value = applied.value
        if value is not None:
            assert 0 <= decode(value).cap_ppm <= 6_000_000
