"""Writes `gate_vectors.jsonl`: signals for the entry processors on `LEVERAGE` and `POSTURE` and what the Python reference answers.

One line a signal; a line with `"case"` starts from an empty entry, one with `"restored_crc32"` from the value as the database gives it
back. The answer and the value stored are given as CRC-32 of their bytes, so an implementation that agrees on every line agrees bit for
bit; `cap_ppm` and `refusal` are there for people. Run it from the root after a change of the rule: `PYTHONPATH=src .venv/bin/python
tests/contract/generate_vectors.py`; `tests/unit/core/control/test_gate_entry.py` checks that the file is fresh.
"""

import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control import gate_entry

FILE = Path(__file__).with_name("gate_vectors.jsonl")
SEED = 20251010
SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
SEVERITIES = (-1, 0, 1, 124_999, 125_000, 249_999, 250_000, 499_999, 500_000, 749_999, 750_000, 949_999, 950_000, 999_999, 1_000_000)
SOURCES = ("depth", "invariant", "spread", "stale", "taker")
POSTURES = ("APEX", "STALKER", "TURTLE", "HIBERNATE")
BAD = (None, True, "7", 1.5, -2, 2**62 + 1, 2**64 - 1, -(2**63), [], {}, "x" * 257, "é" * 256)
Signal = dict[str, object]
type Case = tuple[gate_entry.Map, str, Iterator[Signal | None]]


def vote(source: str, seq: int, severity_ppm: int, **changes: object) -> Signal:
    fields: Signal = {
        "source": source,
        "seq": seq,
        "time_ns": seq,
        "severity_ppm": severity_ppm,
        "is_clear": 0 <= severity_ppm < 125_000,
        "reason": f"reading {severity_ppm}",
        "cause_id": f"BTCUSDT@trade#{seq % 1000}",
        "expires_at_ns": seq + 2 * SECOND,
    }
    return {**fields, **changes}


def tick(seq: int, severities: dict[str, int]) -> Signal:
    return {"kind": "vote", "votes": [vote(source, seq, severity) for source, severity in severities.items()]}


def survival(seq: int, time_ns: int, **changes: object) -> Signal:
    fields: Signal = {
        "kind": "survival",
        "epoch": START,
        "seq": seq,
        "issued_at_ns": time_ns,
        "posture": "STALKER",
        "cap_ppm": 1_900_000,
        "r_total_ppm": 800_000,
        "factors_ppm": [1_000_000, 1_000_000, 800_000, 1_000_000, 1_000_000],
        "passive_only": False,
        "reasons": ["jitter: f3 part 800000"],
        "cause_ids": ["BTCUSDT@depth#7"],
        "expires_at_ns": time_ns + 2 * SECOND,
    }
    return {**fields, **changes}


def demand(seq: int, time_ns: int, **changes: object) -> Signal:
    fields: Signal = {
        "kind": "demand",
        "epoch": START,
        "seq": seq,
        "time_ns": time_ns,
        "is_ready": True,
        "broken": [],
        "r_cmd_ppm": 1_000_000,
        "factors_ppm": [1_000_000, 1_000_000, 800_000, 1_000_000, 1_000_000],
        "passive_only": False,
        "reasons": ["jitter: f3 part 800000"],
        "cause_ids": ["BTCUSDT@depth#7"],
        "expires_at_ns": time_ns + 2 * SECOND,
    }
    return {**fields, **changes}


def operated(op: object, seq: int, **changes: object) -> Signal:
    return {"kind": "operator", "op": op, "seq": seq, "by": "operator", "reason": "told so", **changes}


def manual(op: object, seq: int, level: object = 2) -> Signal:
    return {"kind": "manual", "op": op, "level": level, "reason": "told so", "by": "operator", "seq": seq, "time_ns": START + seq}


def boundary_case() -> Iterator[Signal]:
    """Every severity boundary from a loosened entry, every level and back, and the hold of each episode."""
    now = START
    for _ in range(8):
        now += SECOND // 4
        yield tick(now, dict.fromkeys(SOURCES, 0))
    for severity in SEVERITIES:
        now += SECOND // 4
        yield tick(now, {**dict.fromkeys(SOURCES, 0), "taker": severity})
        for _ in range(6):
            now += SECOND // 4
            yield tick(now, dict.fromkeys(SOURCES, 0))
    for episode in range(7):
        for _ in range(2):
            now += SECOND // 4
            yield tick(now, {**dict.fromkeys(SOURCES, 0), "depth": 300_000})
        hold = min(300 * 2**episode, 7_200) * SECOND
        for late in (-SECOND // 4, -1, 0, 1):
            yield tick(now + hold + late, dict.fromkeys(SOURCES, 0))
        now += hold + SECOND


def walk_case(rng: random.Random) -> Iterator[Signal]:
    """A random walk of readings, some old, some late, some missing, with an operator now and then."""
    now = START
    manual_seq = 0
    for _ in range(7):
        now += SECOND // 4
        yield tick(now, dict.fromkeys(SOURCES, 0))
    for _ in range(25):
        now += rng.choice((1, SECOND // 4, SECOND, 3 * SECOND, 400 * SECOND))
        seq = now - rng.choice((0, 0, 0, 0, 0, 1, SECOND))
        chosen = rng.sample(SOURCES, rng.choice((1, 3, 4, 5, 5)))
        calm = rng.random() < 0.6
        yield tick(seq, {source: rng.choice(SEVERITIES[1:4]) if calm else rng.choice(SEVERITIES) for source in chosen})
        if rng.random() < 0.08:
            manual_seq += rng.choice((0, 1, 1))
            yield manual(rng.choice(("cut", "cut", "release")), manual_seq, rng.choice((0, 1, 2, 3, 4, 5)))


def bad_vote_case() -> Iterator[Signal]:
    """Every field of a vote with every kind of nonsense, and missing."""
    seq = START
    for name in vote("taker", 1, 0):
        for bad in BAD:
            seq += 10
            yield {"kind": "vote", "votes": [vote("depth", seq, 0), {**vote("taker", seq, 0), name: bad}]}
        fields = vote("taker", seq + 5, 0)
        del fields[name]
        yield {"kind": "vote", **fields}
    yield {"kind": "vote", "votes": [None, 3, "x", [], vote("taker", seq + 100, 500_000)]}
    yield {"kind": "vote", "votes": {}}
    yield {"kind": "vote"}
    yield {}
    yield {"kind": None}
    yield {"kind": "survival"}
    yield {"kind": "vote", "votes": [vote(f"s{n:02}", seq + 200, 0) for n in range(18)]}
    yield {"kind": "vote", "votes": [vote("𝔞", seq + 300, 0), vote("ￜ", seq + 300, 0)]}
    for bad in BAD:
        yield {**manual("cut", 5), "by": bad}
        yield manual(bad, 6)
    for index, bad in enumerate(BAD):
        yield manual("cut", 10 + index, bad)
        yield {**manual("release", 100), "seq": bad}
        yield {**manual("release", 100), "time_ns": bad}


def account_case(rng: random.Random) -> Iterator[Signal]:
    """Survival signals in and out of order, under an operator's cuts."""
    seq, now = 0, START
    for _ in range(60):
        seq += rng.choice((0, 1, 1, 1, 2))
        now += SECOND // 4
        yield survival(
            seq,
            now,
            epoch=START + rng.choice((-1, 0, 0, 0, 0, 1)),
            posture=rng.choice(POSTURES),
            cap_ppm=rng.choice((0, 1, 1_999_999, 2_000_000, 2_000_001, 5_999_999, 6_000_000)),
        )
        if rng.random() < 0.1:
            yield manual(rng.choice(("cut", "release")), seq, rng.choice((1, 2, 3, 4)))


def bad_account_case() -> Iterator[Signal]:
    """Every field of a survival signal with every kind of nonsense, and missing."""
    seq = 1
    for name in survival(1, START):
        for bad in BAD:
            seq += 1
            yield {**survival(seq, START + seq), name: bad}
        seq += 1
        fields = survival(seq, START + seq)
        del fields[name]
        yield fields
    yield survival(seq + 1, START, factors_ppm=[1, 2, 3, 4, None])
    yield survival(seq + 2, START, factors_ppm=[1, 2, 3, 4, 1_000_001])
    yield survival(seq + 3, START, reasons=[f"reason {n}" for n in range(40)])
    yield survival(seq + 4, START, reasons=["", None, 3, "x" * 257, "kept"])
    yield {"kind": "vote", "votes": []}


def ladder_case() -> Iterator[Signal | None]:
    """Every Schmitt threshold from both sides, each rise at its dwell and a nanosecond before, and every edge of the recovery."""
    seq, now = 1, START
    yield demand(seq, now, is_ready=False, r_cmd_ppm=0)
    for r_ppm in (1_000_000, 850_000, 849_999, 400_000, 399_999, 100_000, 99_999, 0):
        seq, now = seq + 1, now + SECOND // 4
        yield demand(seq, now, r_cmd_ppm=r_ppm)
    for minutes in range(1, 101):
        for late in (-1, 0, 1):
            seq += 1
            yield demand(seq, now + minutes * 60 * SECOND + late, r_cmd_ppm=1_000_000)
            if minutes % 10:
                break
    now += 100 * 60 * SECOND + 1
    for _ in range(4 * 400):
        seq, now = seq + 1, now + 3 * SECOND
        if seq % 8 == 0:
            yield demand(seq, now, r_cmd_ppm=1_000_000)
        else:
            yield demand(seq, now, r_cmd_ppm=1_000_000 - seq % 3)
    yield None
    for gap in (0, 1, 3 * SECOND, 3 * SECOND + 1, 3_600 * SECOND):
        seq, now = seq + 1, now + gap
        yield demand(seq, now)


def governed_case(rng: random.Random) -> Iterator[Signal | None]:
    """A random walk of demands, restarts, broken invariants and an operator."""
    seq, now, operator_seq, epoch = 0, START, 0, START
    level = 1_000_000
    for _ in range(120):
        seq += rng.choice((0, 1, 1, 1, 1, 2))
        now += rng.choice((0, SECOND // 4, SECOND // 4, SECOND, 3 * SECOND, 61 * SECOND, 600 * SECOND))
        level = min(1_000_000, max(0, level + rng.choice((-300_000, -50_000, 0, 0, 100_000, 400_000))))
        chance = rng.random()
        if chance < 0.03:
            yield None
            epoch, seq = epoch + 1, 1
        elif chance < 0.07:
            yield {"kind": "broken", "source": "agent", "reason": "ledger desync", "cause_id": f"entry#{seq}"}
        elif chance < 0.20:
            operator_seq += rng.choice((0, 1, 1))
            op = rng.choice(("force", "unforce", "unlatch", "unlatch"))
            yield operated(op, operator_seq, posture=rng.choice((*POSTURES, "NONE")))
        yield demand(
            seq,
            now - rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
            epoch=epoch,
            is_ready=rng.random() < 0.95,
            broken=["heartbeat lost for 4000000000 ns"] if rng.random() < 0.02 else [],
            r_cmd_ppm=level,
        )


def bad_governed_case() -> Iterator[Signal]:
    """Every field of a demand, of a word that something is broken and of an operator's word with every kind of nonsense, and missing."""
    seq = 1
    for name in demand(1, START):
        for bad in BAD:
            seq += 2
            yield {**demand(seq, START + seq), name: bad}
            yield operated("unlatch", seq)
        seq += 2
        fields = demand(seq, START + seq)
        del fields[name]
        yield fields
        yield operated("unlatch", seq)
    yield demand(seq + 2, START + seq + 2)
    for broken in ([""], [3], ["ok", "x" * 257], ["a", "b"]):
        seq += 3
        yield demand(seq, START + seq, broken=broken)
        yield demand(seq + 1, START + seq + 1)
        yield operated("unlatch", seq)
    for name in operated("force", 1, posture="TURTLE"):
        for bad in BAD:
            seq += 1
            yield {**operated("force", seq, posture="TURTLE"), name: bad}
    for posture in (*POSTURES, *BAD):
        seq += 1
        yield operated("force", seq, posture=posture)
    yield operated("unforce", seq + 1)
    for name in ("source", "reason", "cause_id"):
        for bad in BAD:
            yield {"kind": "broken", "source": "agent", "reason": "desync", "cause_id": "c", name: bad}
            seq += 2
            yield demand(seq, START + seq)
            yield operated("unlatch", seq)
    yield {"kind": "broken"}
    yield demand(seq + 2, 2**62, expires_at_ns=2**62)


def breaker_edges_case() -> Iterator[Signal]:
    """Edges that chance does not find: votes that contradict themselves or each other, leases and holds to the nanosecond."""
    now = START

    def together(*votes: Signal) -> Signal:
        return {"kind": "vote", "votes": list(votes)}

    def calm(times: int) -> Iterator[Signal]:
        nonlocal now
        for _ in range(times):
            now += SECOND // 4
            yield tick(now, {"taker": 0, "depth": 0})

    yield from calm(8)
    for first, second in ((2, 1), (3, 3), (4, 5)):  # two votes of one source: the newer stays, of equals the first
        yield together(vote("taker", now + first, 0), vote("taker", now + second, 300_000))
    for severity in (125_000, 124_999, -1):  # a claim to be clear that its severity denies, or not
        now += SECOND
        yield together(vote("taker", now, severity, is_clear=True), vote("depth", now, 0, is_clear=False))
    yield from calm(4)
    now += SECOND
    yield together(vote("taker", now, 800_000, cause_id=""), vote("depth", now, 800_000))  # a cut without a cause
    yield from calm(8)
    now += SECOND
    yield tick(now, {"taker": 0})
    yield tick(now - SECOND // 2, {"depth": 600_000})  # late, but it arrived just now
    yield together(vote("depth", now + 1, 800_000, expires_at_ns=now - 1))  # past its lease, but it arrived just now
    now += 400 * SECOND  # the hold of what was latched by now is over
    yield from calm(8)
    now += SECOND
    yield tick(now, {"taker": 1_000_000, "depth": 0})
    yield from calm(3)
    until = now + SECOND
    yield together(vote("taker", now + 1, 0), vote("depth", now + 1, 0, expires_at_ns=until))
    for late in (-1, 0, 1):  # clear often enough, and fresh until a nanosecond ago
        yield tick(until + late, {"taker": 0})
    now = until + 1
    yield from calm(8)
    at = now + 7 * 3_600 * SECOND
    for pause, hold in ((0, 300), (6 * 3_600 * SECOND, 300), (6 * 3_600 * SECOND - 1, 600)):  # an episode just forgotten, just remembered
        at += pause
        yield tick(at - 1, {"taker": 0, "depth": 300_000})
        yield tick(at, {"taker": 0, "depth": 300_000})
        yield tick(at + 20 * SECOND, {"taker": 0})  # what fell silent does not count, and so prolongs no hold
        until = -(-(at + hold * SECOND) // (10 * SECOND)) * 10 * SECOND
        for late in range(-4, 2):
            yield tick(until + late, {"taker": 0, "depth": 0})


def many_sources_case() -> Iterator[Signal]:
    """As many sources as can be remembered, one more, and what one of the remembered says then."""
    names = [f"s{n:02}" for n in range(16)]
    now = START
    for _ in range(8):
        now += SECOND // 4
        yield tick(now, dict.fromkeys(names, 0))
    yield tick(now + 1, {"s03": 0})
    yield tick(now + 2, {"s03": 300_000, "one more": 0})
    for _ in range(5):
        now += SECOND // 4
        yield tick(now + 2, dict.fromkeys(names, 0))
    yield tick(now + 3, {"one more": 0})


def account_edges_case() -> Iterator[Signal]:
    """An operator's words that cannot be taken, and demands of another epoch."""
    yield survival(5, START)
    for op, seq in (("cut", 1), ("cut", 1), ("?", 2), ("release", 1), ("release", 2)):
        yield manual(op, seq)
    for seq, epoch in ((9, START - 1), (1, START), (1, START + 1), (2, START)):
        yield survival(seq, START + 1, epoch=epoch)


def governor_edges_case() -> Iterator[Signal | None]:
    """The dwell and the recovery to the nanosecond, and every way in which time and invariants break together."""
    seq, now = 1, START
    yield demand(seq, now, r_cmd_ppm=919_000)  # STALKER; above its threshold within seconds, but not before its dwell
    for elapsed in (*range(3 * SECOND, 60 * SECOND, 3 * SECOND), 60 * SECOND - 1, 60 * SECOND):
        seq, now = seq + 1, START + elapsed
        yield demand(seq, now)
    for missing_ppm in (1, 2):
        for elapsed_ns in (5_999_999, 6_000_000, 6_000_001, 12_000_000, 12_000_001, 18_000_000):
            seq, now = seq + 2, now + SECOND
            yield demand(seq - 1, now, r_cmd_ppm=900_000)
            now += elapsed_ns
            yield demand(seq, now, r_cmd_ppm=900_000 + missing_ppm)
    yield demand(seq + 9, now + 1, epoch=START - 1)
    for broken in (["ledger"], []):
        for back in (1, 0):
            seq, now = seq + 2, now + SECOND
            yield demand(seq - 1, now - back * 2 * SECOND, broken=broken)
            yield demand(seq, now)
            yield operated("unlatch", seq)


def lines() -> Iterator[str]:
    """The file's lines."""
    rng = random.Random(SEED)
    cases: list[Case] = [
        ("LEVERAGE", "paper/BTCUSDT", boundary_case()),
        ("LEVERAGE", "paper/BTCUSDT", bad_vote_case()),
    ]
    cases.extend(("LEVERAGE", "paper/ETHUSDT", with_restarts(walk_case(rng), rng)) for _ in range(16))
    cases.append(("LEVERAGE", "paper", bad_account_case()))
    cases.extend(("LEVERAGE", "paper", with_restarts(account_case(rng), rng)) for _ in range(4))
    cases.extend([("POSTURE", "paper", ladder_case()), ("POSTURE", "paper", bad_governed_case())])
    cases.extend(("POSTURE", "paper", governed_case(rng)) for _ in range(8))
    cases.extend(
        [
            ("LEVERAGE", "paper/BTCUSDT", breaker_edges_case()),
            ("LEVERAGE", "/BTCUSDT", many_sources_case()),
            ("LEVERAGE", "paper", account_edges_case()),
            ("POSTURE", "paper", governor_edges_case()),
        ]
    )
    for number, (map_name, key, signals) in enumerate(cases):
        value: bytes | None = None
        line: dict[str, object] = {"case": number, "map": map_name, "key": key}
        for signal in signals:
            if signal is None:
                value = None if value is None else gate_entry.restored(map_name, key, value)
                line["restored_crc32"] = zlib.crc32(value or b"")
                continue
            applied = gate_entry.apply(map_name, key, value, pack(signal))
            value = applied.value
            answer = unpack(applied.answer)
            line |= {
                "signal": signal,
                "cap_ppm": answer["command"]["cap_ppm"] if answer["command"] else None,
                "refusal": answer["refusal"],
                "answer_crc32": zlib.crc32(applied.answer),
                "value_crc32": zlib.crc32(value or b""),
            }
            yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))
            line = {}


def with_restarts(signals: Iterator[Signal], rng: random.Random) -> Iterator[Signal | None]:
    """The signals with a full stop (None) now and then."""
    for signal in signals:
        yield signal
        if rng.random() < 0.04:
            yield None


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
