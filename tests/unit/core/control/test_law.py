"""The hash of the control law: the same for the same law, in any process, and another for any other law."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from dolphin.core.control import law, params
from dolphin.core.control.params import BreakerParams, GovernorParams, SurvivalParams


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_finds_the_same_hash_whatever_its_order_of_sets(seed: str) -> None:
    code = "from dolphin.core.control.law import LAW; print(LAW)"
    said = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == law.LAW


@pytest.mark.parametrize(
    ("record", "name"),
    [(record, each.name) for record in (SurvivalParams(), GovernorParams(), BreakerParams()) for each in params.describe(type(record))],
)
def test_every_parameter_is_in_the_hash(record: object, name: str) -> None:
    other = replace(record)  # type: ignore[type-var]
    object.__setattr__(other, name, getattr(record, name) + 1)
    assert law.hash_of(other) != law.hash_of(record)


@dataclass(frozen=True)
class Record:
    limit_ns: int
    wired: frozenset[str]


def test_it_is_the_digest_of_one_line_for_each_parameter_and_posture() -> None:
    lines = ["Record.limit_ns=7", "Record.wired=['a', 'b', 'c', 'd']"]
    lines += ["APEX=1000001,1000001,6000000", "STALKER=850000,920000,2000000", "TURTLE=400000,500000,0", "HIBERNATE=100000,200000,0"]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert law.hash_of(Record(7, frozenset("dcba"))) == digest[:16]


def test_what_is_wired_is_in_the_hash() -> None:
    assert law.hash_of(SurvivalParams(wired=frozenset({"heartbeat"}))) != law.hash_of(SurvivalParams())


def test_a_difference_names_both_laws_and_a_missing_one() -> None:
    assert law.difference(law.LAW) == ""
    assert law.difference("0" * 16) == f"configuration hash 0000000000000000 in the market, {law.LAW} here"
    assert law.difference("") == f"configuration hash missing in the market, {law.LAW} here"
