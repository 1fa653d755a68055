"""One `LEVERAGE` entry as bytes, and the golden vectors shared with Java."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control import gate_entry
from dolphin.core.control.command import Command, decode, survival_signal, to_map
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
        applied = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", pack({**fields, "rule": rule}), vote(6))
        assert unpack(applied.answer)["refusal"] == "stored state unreadable"


@pytest.mark.parametrize("version", [0, -1, 1.0, True, "1", None])
def test_a_stored_version_that_does_not_exist_is_damage(version: object) -> None:
    value = gate_entry.apply("LEVERAGE", "paper/BTCUSDT", None, vote(5)).value
    assert value is not None
    damaged = pack({**unpack(value), "version": version})
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


def clear(seq: int) -> bytes:
    fields = {"source": "taker", "seq": seq, "time_ns": seq, "severity_ppm": 0, "is_clear": True, "expires_at_ns": 10**9}
    return pack({"kind": "vote", **fields})
