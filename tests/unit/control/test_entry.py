"""One `LEVERAGE` entry as bytes, and the golden vectors shared with Java."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import msgpack
import pytest

from dolphin.control import entry, leverage
from dolphin.control.params import BreakerParams

CONTRACT = Path(__file__).resolve().parents[2] / "contract"
PARAMS = BreakerParams()


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_vectors", CONTRACT / "generate_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_golden_vectors_are_what_the_rule_says_today() -> None:
    assert (CONTRACT / "acb_vectors.jsonl").read_text(encoding="utf-8") == "\n".join(generator().lines()) + "\n"


def vote(seq: int) -> bytes:
    return msgpack.packb({"kind": "vote", "source": "taker", "seq": seq, "time_ns": seq, "severity_ppm": 0, "expires_at_ns": 9})


@pytest.mark.parametrize("key", ["paper", "paper/BTCUSDT"])
@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x80\x80", b"\x93\x01", b"\x81\x01\x02", b"\xa5vote", msgpack.packb([1])], ids=str)
def test_unreadable_bytes_are_answered_with_a_reason_and_change_nothing(key: str, payload: bytes) -> None:
    applied = entry.apply(key, None, payload, PARAMS)
    answer = msgpack.unpackb(applied.answer)
    assert applied.value is None
    assert answer["accepted"] is False
    assert answer["refusal"] in ("signal unreadable", "signal is not a map")
    assert answer["command"] is None


def test_a_refusal_tells_the_present_command() -> None:
    first = entry.apply("paper/BTCUSDT", None, vote(5), PARAMS)
    again = entry.apply("paper/BTCUSDT", first.value, vote(5), PARAMS)
    assert again.value == first.value
    assert msgpack.unpackb(again.answer)["command"] == msgpack.unpackb(first.answer)["command"]


def test_any_reader_finds_the_command_in_the_stored_value() -> None:
    applied = entry.apply("paper/BTCUSDT", None, vote(5), PARAMS)
    assert applied.value is not None
    command = leverage.decode(applied.value)
    assert command.key == "paper/BTCUSDT"
    assert leverage.to_map(command) == msgpack.unpackb(applied.answer)["command"]


@pytest.mark.parametrize("key", ["paper", "paper/BTCUSDT"])
def test_a_damaged_stored_value_refuses_every_signal(key: str) -> None:
    for value in (b"", b"\x80", b"x", msgpack.packb({"cap_ppm": 6_000_000})):
        applied = entry.apply(key, value, vote(5), PARAMS)
        assert applied.value == value
        assert msgpack.unpackb(applied.answer) == {
            "accepted": False,
            "changed": False,
            "refusal": "stored state unreadable",
            "command": None,
        }


def test_a_stored_level_that_does_not_exist_is_damage() -> None:
    value = entry.apply("paper/BTCUSDT", None, vote(5), PARAMS).value
    assert value is not None
    fields = msgpack.unpackb(value)
    for rule in ({**fields["rule"], "level": 5}, {**fields["rule"], "manual": [-1, 0, ""]}, {**fields["rule"], "level": "4"}, {}):
        applied = entry.apply("paper/BTCUSDT", msgpack.packb({**fields, "rule": rule}), vote(6), PARAMS)
        assert msgpack.unpackb(applied.answer)["refusal"] == "stored state unreadable"
