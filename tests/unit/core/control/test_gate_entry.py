"""One `LEVERAGE` entry as bytes, and the golden vectors shared with Java."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control import gate_entry
from dolphin.core.control.command import Command, checksum, decode, survival_signal, to_map
from dolphin.core.control.posture import Posture

CONTRACT = Path(__file__).resolve().parents[3] / "contract"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_vectors", CONTRACT / "generate_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_golden_vectors_are_what_the_rule_says_today() -> None:
    kept = (CONTRACT / "gate_vectors.jsonl").read_text(encoding="utf-8").split("\n")
    lines = list(generator().lines())
    for number, line in enumerate(lines):
        assert line == kept[number], f"line {number + 1}"
    assert kept[len(lines) :] == [""]


START = 1_700_000_000 * 10**9
NOTHING = pack({"kind": "nothing"})
"""Refused by every rule that can read its entry."""


def of_signals(map_name: gate_entry.Map, key: str, *signals: bytes) -> bytes:
    """The value that these signals make, all of them accepted."""
    value = None
    for signal in signals:
        applied = gate_entry.apply(map_name, key, value, signal)
        assert unpack(applied.answer)["accepted"], applied.answer
        value = applied.value
    assert value is not None
    return value


def demand(seq: int, **changes: object) -> bytes:
    fields = {"kind": "demand", "epoch": 1, "seq": seq, "time_ns": START + seq, "is_ready": True, "broken": [], "r_cmd_ppm": 1_000_000}
    more = {"factors_ppm": [1_000_000] * 5, "passive_only": False, "reasons": [], "cause_ids": [], "expires_at_ns": START + seq + 10}
    return pack(fields | more | changes)


FORCED = pack({"kind": "operator", "op": "force", "posture": "HIBERNATE", "by": "anna", "reason": "r", "seq": 1})
DECIDED = pack(
    {
        "kind": "survival",
        **to_map(Command("paper", "", 1, 1, Posture.STALKER, 1_900_000, 900_000, (1_000_000,) * 5, False, (), (), START, START + 10, 0)),
    }
)
CUT = pack({"kind": "manual", "op": "cut", "level": 4, "by": "anna", "reason": "r", "seq": 1, "time_ns": START})


def clear(seq: int) -> bytes:
    fields = {"source": "taker", "seq": seq, "time_ns": seq, "severity_ppm": 0, "is_clear": True, "expires_at_ns": 10**9}
    return pack({"kind": "vote", **fields})


def tripped(seq: int) -> bytes:
    more = {"is_clear": False, "expires_at_ns": START + seq + 10, "reason": "r", "cause_id": ""}
    return pack({"kind": "vote", "source": "taker", "seq": START + seq, "time_ns": START + seq, "severity_ppm": 960_000} | more)


def vote(seq: int) -> bytes:
    return pack({"kind": "vote", "source": "taker", "seq": seq, "time_ns": seq, "severity_ppm": 0, "expires_at_ns": 9})


@pytest.mark.parametrize("key", ["paper", "paper/BTCUSDT"])
@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x80\x80", b"\x93\x01", b"\x81\x01\x02", b"\xa5vote", pack([1])], ids=str)
def test_unreadable_bytes_are_answered_with_a_reason_and_change_nothing(key: str, payload: bytes) -> None:
    applied = gate_entry.apply("LEVERAGE", key, None, payload)
    answer = unpack(applied.answer)
    assert applied.value is None
    assert answer["accepted"] is False
    assert answer["refusal"] in ("signal unreadable", "signal is not a map")
    assert answer["command"] is None


def test_a_refusal_tells_the_present_command() -> None:
    first = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", None, vote(5))
    again = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", first.value, vote(5))
    assert again.value == first.value
    assert unpack(again.answer)["command"] == unpack(first.answer)["command"]


def test_any_reader_finds_the_command_in_the_stored_value() -> None:
    applied = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", None, vote(5))
    assert applied.value is not None
    command = decode(applied.value)
    assert command.key == "paper/BTCUSDT"
    assert to_map(command) == unpack(applied.answer)["command"]


@pytest.mark.parametrize("key", ["paper", "paper/BTCUSDT"])
def test_a_damaged_stored_value_refuses_every_signal(key: str) -> None:
    for value in (b"", b"\x80", b"x", pack({"cap_ppm": 6_000_000})):
        applied = gate_entry.apply("LEVERAGE", key, value, vote(5))
        assert applied.value == value
        assert unpack(applied.answer) == {
            "accepted": False,
            "changed": False,
            "refusal": "stored state unreadable",
            "command": None,
        }


def test_a_stored_level_that_does_not_exist_is_damage() -> None:
    value = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", None, vote(5)).value
    assert value is not None
    fields = unpack(value)
    damaged = [{"level": 5}, {"level": -1}, {"level": "4"}, {"manual": [-1, 0, ""]}, {"manual": [5, 0, ""]}]
    for rule in [{}, *({**fields["rule"], **each} for each in damaged)]:
        applied = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", resealed({**fields, "rule": rule}), vote(6))
        assert unpack(applied.answer)["refusal"] == "stored state unreadable"


def resealed(fields: dict[str, object]) -> bytes:
    """A value with these fields under a seal that fits, whatever they say; its command under a checksum that does."""
    command = decode_unchecked(fields)
    return gate_entry.sealed(pack({**fields, "checksum": checksum(command), "seal": ""}))


def decode_unchecked(fields: dict[str, object]) -> Command:
    """The command among `fields`, whose types are right."""
    known = {name: fields[name] for name in Command._fields}
    lists = {name: tuple(fields[name]) for name in ("factors_ppm", "reasons", "cause_ids")}  # type: ignore[arg-type]
    return Command(**{**known, **lists, "posture": Posture[str(fields["posture"])]})  # type: ignore[arg-type]


def case(map_name: gate_entry.Map, key: str, *signals: bytes) -> tuple[gate_entry.Map, str, bytes]:
    return map_name, key, of_signals(map_name, key, *signals)


VALUES = {
    "latched": case("POSTURE", "paper", demand(1), demand(2, broken=["ledger desync"])),
    "TURTLE": case("POSTURE", "paper", demand(1), demand(2, r_cmd_ppm=300_000)),
    "forced": case("POSTURE", "paper", demand(1), FORCED),
    "decided": case("LEVERAGE", "paper", DECIDED),
    "cut by hand": case("LEVERAGE", "paper", DECIDED, CUT),
    "asset cut": case("LEVERAGE", "paper/X", *(clear(START + seq) for seq in range(1, 12)), tripped(13), tripped(14)),
}


@pytest.mark.parametrize(("map_name", "key", "value"), VALUES.values(), ids=list(VALUES))
def test_every_single_flipped_bit_of_a_stored_value_is_damage(map_name: gate_entry.Map, key: str, value: bytes) -> None:
    assert unpack(gate_entry.apply(map_name, key, value, NOTHING).answer)["refusal"] != "stored state unreadable"
    for bit in range(8 * len(value)):
        flipped = bytearray(value)
        flipped[bit // 8] ^= 1 << bit % 8
        damaged = bytes(flipped)
        assert unpack(gate_entry.apply(map_name, key, damaged, NOTHING).answer)["refusal"] == "stored state unreadable"
        assert gate_entry.restored(map_name, key, damaged) == damaged


@pytest.mark.parametrize(
    ("name", "rule", "fields"),
    [
        ("TURTLE", {"r_ppm": 1_000_001}, {}),
        ("TURTLE", {"rise_anchor_ns": START + 3}, {}),
        ("TURTLE", {"posture_since_ns": START + 3}, {}),
        ("TURTLE", {"is_started": False}, {}),
        ("TURTLE", {"posture": "HIBERNATE"}, {"cap_ppm": 1}),
        ("TURTLE", {}, {"cap_ppm": 1}),
        ("TURTLE", {"f1_ppm": 1_000_001}, {}),
        ("latched", {"r_ppm": 1}, {}),
        ("latched", {"posture": "TURTLE"}, {}),
        ("decided", {"granted_ppm": 2_000_001}, {}),
        ("decided", {}, {"cap_ppm": 1_900_001}),
        ("decided", {}, {"r_total_ppm": 1_000_001}),
        ("decided", {}, {"factors_ppm": [1_000_000, 1_000_001, 0, 0, 0]}),
        ("cut by hand", {}, {"cap_ppm": 1}),
        ("asset cut", {}, {"cap_ppm": 1}),
        ("asset cut", {"hold_until_ns": 2**62}, {}),
        ("asset cut", {"episodes_ns": [START + 15]}, {}),
        ("asset cut", {"episodes_ns": [START] * 9}, {}),
        ("asset cut", {"sources": [["taker", 1, -2, 0, 0, 0, "", ""]]}, {}),
        ("asset cut", {"sources": [["taker", 1, 1_000_001, 0, 0, 0, "", ""]]}, {}),
        ("asset cut", {}, {"schema": 1}),
    ],
    ids=str,
)
def test_a_state_that_no_rule_comes_to_is_damage_however_well_sealed(name: str, rule: dict[str, Any], fields: dict[str, Any]) -> None:
    map_name, key, value = VALUES[name]
    whole = unpack(value)
    assert resealed(whole) == value
    damaged = resealed({**whole, **fields, "rule": {**whole["rule"], **rule}})
    assert unpack(gate_entry.apply(map_name, key, damaged, NOTHING).answer)["refusal"] == "stored state unreadable"


def test_a_value_of_a_release_without_a_seal_is_not_believed() -> None:
    _, _, value = VALUES["forced"]
    before = pack({name: field for name, field in unpack(value).items() if name not in ("schema", "seal")})
    with pytest.raises(ValueError, match="its seal does not fit"):
        gate_entry.read(gate_entry.POSTURE, before)
    assert unpack(gate_entry.apply("POSTURE", "paper", before, demand(3)).answer)["refusal"] == "stored state unreadable"


@pytest.mark.parametrize("version", [0, -1, 1.0, True, "1", None])
def test_a_stored_version_that_does_not_exist_is_damage(version: object) -> None:
    value = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", None, vote(5)).value
    assert value is not None
    damaged = resealed({**unpack(value), "version": version})
    assert gate_entry.apply("LEVERAGE", "paper/BTCUSDT", damaged, vote(6)).value == damaged
    assert gate_entry.restored("LEVERAGE", "paper/BTCUSDT", damaged) == damaged


def test_a_signal_that_cannot_be_read_is_refused_as_such_even_over_damage() -> None:
    assert unpack(gate_entry.apply("LEVERAGE", "paper", b"x", b"\xc1").answer)["refusal"] == "signal unreadable"


def test_a_cut_asset_is_still_cut_after_a_full_stop_and_earns_its_cap_anew() -> None:
    value = None
    for seq in range(1, 4):
        value = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", value, clear(seq)).value
    assert value is not None
    assert unpack(value)["version"] == 2  # made, and loosened once
    restored = gate_entry.restored("LEVERAGE", "paper/BTCUSDT", value)
    assert decode(restored).expires_at_ns == 0
    for seq in (4, 5):
        restored = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", restored, clear(seq)).value
        assert restored is not None
        assert decode(restored).cap_ppm == 1_200_000  # two clear readings since the stop are not three
    loosened = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", restored, clear(6)).value
    assert loosened is not None
    assert decode(loosened).cap_ppm == 2_700_000


def test_what_the_controller_said_is_over_after_a_full_stop_and_the_operators_cut_is_not() -> None:
    said = Command("paper", "", 1, 1, Posture.APEX, 6_000_000, 1_000_000, (1_000_000,) * 5, False, (), (), 5, 9, 0)
    value = gate_entry.apply("LEVERAGE", "paper", None, survival_signal(said)).value
    cut = {"kind": "manual", "op": "cut", "level": 2, "seq": 1, "time_ns": 5, "by": "ana"}
    value = gate_entry.apply("LEVERAGE", "paper", value, pack(cut)).value
    assert value is not None
    restored = gate_entry.restored("LEVERAGE", "paper", value)
    assert decode(restored).cap_ppm == 0
    again = gate_entry.apply("LEVERAGE", "paper", restored, survival_signal(said._replace(seq=2))).value
    assert again is not None
    assert decode(again).cap_ppm == 2_700_000


def test_the_f1_that_the_controller_stated_is_kept_under_a_latch() -> None:
    said = {"is_ready": True, "r_cmd_ppm": 1_000_000, "broken": ["heartbeat"], "factors_ppm": [9, 8, 7, 6, 5]}
    demand = {"kind": "demand", "epoch": 5, "seq": 1, "time_ns": 5, "expires_at_ns": 9, **said}
    value = gate_entry.apply("POSTURE", "paper", None, pack(demand)).value
    assert value is not None
    assert decode(value).factors_ppm == (0, 8, 7, 6, 5)
    assert unpack(value)["rule"]["f1_ppm"] == 9
