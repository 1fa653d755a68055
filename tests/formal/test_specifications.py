"""The TLA+ specifications, checked by TLC: every claim holds, and every claim is one that a wrong rule breaks.

A mutant puts one wrong operator (`*Mutants.tla`) in the place of a rule; TLC is given the one claim that it should break and names it.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from dolphin.assurance.trace import tlc
from dolphin.assurance.trace.tlc import SPECS, Finding, Model, Verdict
from dolphin.errors import ExitCode

TIMEOUT_S = 900
AT_ONCE = 2
"""Model checkers that run side by side, each on one thread."""


@dataclass(frozen=True)
class Specification:
    """A model that has to hold, and the least number of states without which it says nothing."""

    module: str
    config: str
    states: int


@dataclass(frozen=True)
class Mutant:
    """`rule` replaced by `wrong` in the model `config`: `claim` is broken."""

    module: str
    config: str
    rule: str
    wrong: str
    claim: str

    def __str__(self) -> str:
        return f"{self.wrong}-{self.claim}"


SPECIFICATIONS = (
    Specification("InventoryForever", "InventoryProgress", 20_000),
    Specification("InventoryForever", "InventoryForever", 20_000),
    Specification("InventoryBounded", "InventoryBounded", 20_000),
    Specification("LeverageModel", "LeverageModel", 50_000),
    Specification("LeverageModel", "LeverageProgress", 10_000),
    Specification("PostureModel", "PostureModel", 2_000),
)

DEEP = (
    Specification("InventoryBounded", "InventoryBoundedDeep", 400_000),
    Specification("LeverageModel", "LeverageModelDeep", 200_000),
    Specification("LeverageModel", "LeverageProgressDeep", 80_000),
)


def inventory(rule: str, wrong: str, claim: str, config: str = "InventoryForever") -> Mutant:
    module = "InventoryBoundedMutants" if config == "InventoryBounded" else "InventoryForeverMutants"
    return Mutant(module, config, rule, wrong, claim)


def posture(rule: str, wrong: str, claim: str) -> Mutant:
    return Mutant("PostureMutants", "PostureModel", rule, wrong, claim)


def leverage(rule: str, wrong: str, claim: str, config: str = "LeverageModel") -> Mutant:
    return Mutant("LeverageMutants", config, rule, wrong, claim)


MUTANTS = (
    inventory("Inherited", "LessThanNothingInherited", "TypeOK"),
    inventory("NextEpoch", "SameEpoch", "OneWriter"),
    inventory("MayWrite", "AnyEpochMayWrite", "OldEpochIsRefused"),
    inventory("MayWrite", "AnyEpochMayWrite", "NeverAboveCap"),
    inventory("Within", "AnythingIsWithin", "NeverAboveCap"),
    inventory("LeaseHolds", "EveryLeaseHolds", "LeaseHeld", "InventoryBounded"),
    inventory("Inherited", "NothingInherited", "WriterKnowsTheLedger"),
    inventory("Newer", "EverythingIsNewer", "OnlyNewerIsApplied", "InventoryBounded"),
    inventory("Newer", "NothingIsNewer", "SomebodyWritesAgain", "InventoryProgress"),
    posture("Damped", "Overshoots", "TypeOK"),
    posture("GrantedPosture", "CeilingDespiteTheLatch", "LatchedIsZero"),
    posture("IsGranted", "GrantedWhileNotReady", "NotReadyIsZero"),
    posture("IsGranted", "GrantedForEver", "SilentIsZero"),
    posture("Cap", "CapOfRAlone", "CapWithinPostureAndR"),
    posture("GrantedPosture", "EarnedIsGranted", "NeverAboveTheCeiling"),
    posture("GrantedPosture", "CeilingIsGranted", "NeverAboveTheEarned"),
    posture("Keep", "KeepsNoLatch", "RestartIsNotMilder"),
    posture("Keep", "KeepsTheOldPosture", "RestartIsNotMilder"),
    posture("LatchAfter", "LatchFollowsTheDemand", "OnlyReleaseUnlatches"),
    posture("MayRelease", "ReleaseAtAnyTime", "OnlyReleaseUnlatches"),
    posture("Restored", "RestoredWithoutLatch", "OnlyReleaseUnlatches"),
    posture("Risen", "RisenAllTheWay", "RiseIsOneStep"),
    posture("Restored", "RestoredHigher", "RiseIsOneStep"),
    posture("Risen", "RisenAtOnce", "RiseKeepsTheDwell"),
    posture("Risen", "RisenWithoutBand", "NoChatter"),
    posture("Fallen", "FallenOneStep", "FallIsAtOnce"),
    posture("Damped", "NotDamped", "RRisesSlowly"),
    posture("Risen", "NeverAboveStalker", "FullRecovery"),
    leverage("WithoutBackup", "GivesUp", "TypeOK"),
    leverage("Fence", "NoFence", "NoCutIsLost"),
    leverage("IsDurable", "NothingIsDurable", "NoCutIsLost"),
    leverage("IsOld", "NothingIsOld", "EffectOnce"),
    leverage("BackupTakes", "BackupRunsTheRule", "CopiesAgree"),
    leverage("FirstOfEpoch", "SameEpoch", "NumbersAscend"),
    leverage("WithoutBackup", "AnswersAnyway", "NumbersAscend"),
    leverage("IsDurable", "OnlyVotesAreDurable", "NumbersAscend"),
    leverage("LeaseHolds", "EveryLeaseHolds", "NoExpiredLeaseIsUsed"),
    leverage("Applied", "TakesWhatComes", "OnlyNewerIsHeard"),
    leverage("Applied", "RenewedByAnOldCommand", "OnlyNewerIsHeard"),
    leverage("MemoryAfterDoubt", "KeepsItsMemory", "EverySignalIsAnswered", "LeverageProgress"),
    leverage("LeaseHolds", "EveryLeaseHolds", "NothingIsKeptTooLong", "LeverageProgress"),
)


IN_THE_GATE = frozenset(
    {
        "AnyEpochMayWrite-NeverAboveCap",
        "RestoredWithoutLatch-OnlyReleaseUnlatches",
        "NotDamped-RRisesSlowly",
        "NoFence-NoCutIsLost",
        "BackupRunsTheRule-CopiesAgree",
        "RenewedByAnOldCommand-OnlyNewerIsHeard",
    }
)
"""The wrong rules that every run of the tests tries; the others are for `./dolphin test --level-a`."""


def run(module: str, model: Model) -> Verdict:
    return tlc.check(module, model, timeout_s=TIMEOUT_S)


@pytest.fixture(scope="module")
def verdicts() -> dict[Specification | Mutant, Future[Verdict]]:
    """Those of the ordinary check, the long ones first."""
    tlc.ensure_tlc()
    pool = ThreadPoolExecutor(AT_ONCE)
    found: dict[Specification | Mutant, Future[Verdict]] = {}
    for each in SPECIFICATIONS:
        found[each] = pool.submit(run, each.module, Model.read(SPECS / f"{each.config}.cfg"))
    for mutant in MUTANTS:
        if str(mutant) in IN_THE_GATE:
            found[mutant] = pool.submit(tried, mutant)
    pool.shutdown(wait=False)
    return found


def tried(mutant: Mutant) -> Verdict:
    return run(mutant.module, Model.read(SPECS / f"{mutant.config}.cfg").with_rule(mutant.rule, mutant.wrong).only(mutant.claim))


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("specification", SPECIFICATIONS, ids=lambda each: each.config)
def test_every_claim_of_a_specification_holds(
    specification: Specification, verdicts: dict[Specification | Mutant, Future[Verdict]]
) -> None:
    verdict = verdicts[specification].result()
    assert verdict.finding is Finding.HOLDS, verdict.output
    assert verdict.states >= specification.states


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("mutant", [each for each in MUTANTS if str(each) in IN_THE_GATE], ids=str)
def test_a_wrong_rule_breaks_the_claim(mutant: Mutant, verdicts: dict[Specification | Mutant, Future[Verdict]]) -> None:
    verdict = verdicts[mutant].result()
    assert (verdict.finding, verdict.violated) == (Finding.VIOLATED, mutant.claim), verdict.output


@pytest.mark.level_a
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("mutant", [each for each in MUTANTS if str(each) not in IN_THE_GATE], ids=str)
def test_every_other_wrong_rule_breaks_its_claim(mutant: Mutant) -> None:
    verdict = tried(mutant)
    assert (verdict.finding, verdict.violated) == (Finding.VIOLATED, mutant.claim), verdict.output


def test_every_claim_has_a_mutant_that_breaks_it() -> None:
    claimed = {(each.config, claim) for each in SPECIFICATIONS for claim in claims(Model.read(SPECS / f"{each.config}.cfg"))}
    assert {str(each) for each in MUTANTS} >= IN_THE_GATE
    broken = {(mutant.config, mutant.claim) for mutant in MUTANTS}
    again = {("InventoryBounded", claim) for claim in claims(Model.read(SPECS / "InventoryForever.cfg"))}
    again |= {("InventoryForever", claim) for claim in claims(Model.read(SPECS / "InventoryBounded.cfg"))}
    assert claimed - broken <= again, "a claim that both models of Inventory share is broken in one of them"


@pytest.mark.parametrize("claim", ["ApexIsNeverGranted", "AFallNeverSkips"])
def test_the_posture_reaches_what_its_claims_are_about(claim: str) -> None:
    model = Model.read(SPECS / "PostureModel.cfg")
    kind = {"invariants": (claim,), "properties": ()} if claim.startswith("Apex") else {"invariants": (), "properties": (claim,)}
    verdict = run("PostureModel", Model(model.text, **kind))
    assert (verdict.finding, verdict.violated) == (Finding.VIOLATED, claim)


def test_a_model_that_cannot_be_evaluated_is_no_verdict() -> None:
    model = Model.read(SPECS / "PostureModel.cfg").with_rule("Damped", "NoSuchRule")
    with pytest.raises(tlc.NoVerdict, match="NoSuchRule") as raised:
        run("PostureModel", model)
    assert raised.value.exit_code == ExitCode.BAD_INPUT, "whoever asks for a verdict must not take this for one"


@pytest.mark.level_a
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("specification", DEEP, ids=lambda each: each.config)
def test_every_claim_holds_at_deeper_bounds(specification: Specification) -> None:
    verdict = tlc.check(specification.module, Model.read(SPECS / f"{specification.config}.cfg"), workers=AT_ONCE, timeout_s=TIMEOUT_S)
    assert verdict.finding is Finding.HOLDS, verdict.output
    assert verdict.states >= specification.states


def claims(model: Model) -> tuple[str, ...]:
    return model.invariants + model.properties
