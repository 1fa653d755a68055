"""Every proof holds and rests on no axiom; and a wrong rule would not have been proved."""

import re
import shutil
from pathlib import Path

import pytest

from dolphin.assurance import proofs
from dolphin.errors import DolphinError

pytestmark = pytest.mark.skipif(bool(proofs.missing_tools()), reason=f"no {', '.join(proofs.missing_tools())}. {proofs.REMEDY}")

THEOREMS = Path("proofs/Theorems.v")


def test_every_theorem_is_proved_without_axioms() -> None:
    printed = proofs.compile_theories()
    listed = re.findall(r"^Print Assumptions", (proofs.COQ / THEOREMS).read_text(), re.MULTILINE)
    assert len(listed) > 30
    assert printed.count("Closed under the global context") == len(listed)
    assert "Axiom" not in printed


def test_nothing_is_admitted_or_assumed() -> None:
    for theory in proofs.theories():
        text = re.sub(r"\(\*.*?\*\)", "", (proofs.COQ / theory).read_text(), flags=re.DOTALL)
        assert not re.search(r"\b(Admitted|admit|Axiom|Parameter|Conjecture|Abort)\b", text), theory


def test_every_theory_is_compiled() -> None:
    found = {path.relative_to(proofs.COQ) for part in ("model", "proofs", "oracle") for path in (proofs.COQ / part).glob("*.v")}
    assert set(proofs.theories()) == found


# what it would mean: the module of the model, the text there, and what it becomes
MUTANTS = {
    "a thinner book asks for more": ("Factors", "rising x (depth_limit_ppm p)", "falling x (depth_limit_ppm p)"),
    "the integral raises": ("Assessment", "mul (mul r_raw_ppm (ONE - i_ppm", "mul (mul r_raw_ppm (ONE + i_ppm"),
    "an unreadable heartbeat is no lost one": ("Assessment", "| None => Memory.is_started m", "| None => false"),
    "a full stop keeps what was banked": (
        "Governor",
        "R_STEP_PPM * R_STEP_PPM;\n     rise_anchor_ns := time_ns s;",
        "R_STEP_PPM * R_STEP_PPM;\n     rise_anchor_ns := rise_anchor_ns s;",
    ),
    "time before a full stop counts as seen": ("Governor", "(if is_ready s then seen_ns p else 0)", "(seen_ns p + 0)"),
    "a rise needs no dwell": ("Governor", "&& (dwell_ns p <=? now - since_ns)", ""),
    "a release while broken": ("Governor", "|| is_broken s || negb (is_ready s)", "|| negb (is_ready s)"),
    "a demand ends a latch": ("Governor", "if is_broken || is_latched s then latched", "if is_broken then latched"),
    "a cut loosens two levels at once": ("Breaker", "let level := level s - 1 in", "let level := level s - 2 in"),
    "a stale source is clear": ("Breaker", "&& (now_ns <? Source.expires_at_ns each).", "."),
}
IN_THE_GATE = "time before a full stop counts as seen"  # a fault that these proofs found


@pytest.mark.parametrize("wrong", [pytest.param(each, marks=[] if each == IN_THE_GATE else pytest.mark.level_a) for each in MUTANTS])
def test_a_wrong_rule_is_not_proved(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, right, changed = MUTANTS[wrong]
    shutil.copytree(proofs.COQ, tmp_path / "coq")
    monkeypatch.setattr(proofs, "COQ", tmp_path / "coq")
    monkeypatch.setattr(proofs, "_BUILD", tmp_path / "coq" / "build")
    source = tmp_path / "coq" / "model" / f"{module}.v"
    text = source.read_text()
    assert text.count(right) == 1
    source.write_text(text.replace(right, changed))
    with pytest.raises(DolphinError, match=r"proofs/\w+\.v"):
        proofs.compile_theories(until=THEOREMS)
