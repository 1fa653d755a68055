"""How an account stands: the record, and the lines that tell it."""

from dataclasses import replace

from gates_of_a_day import NOTHING, SECOND, broken, demanded, voted

from dolphin.cli.breaker import asset_of, is_restricted
from dolphin.cli.posture_text import BAR_WIDTH, posture_lines, r_bar
from dolphin.core.health.parts import PARTS
from dolphin.core.health.verdict import Health, PartVerdict, State, Verdict
from dolphin.core.units import ONE
from dolphin.operator.views.account import view

WELL = Verdict(Health.HEALTHY, "healthy", tuple(PartVerdict(part.name, State.ALIVE, 0, 1, 0, "") for part in PARTS), (), 0)


def test_the_cap_is_the_smallest_of_its_bounds() -> None:
    for r_ppm in (ONE, 860_000, 450_000, 150_000, 0):
        seen = view(demanded(NOTHING, 1, r_ppm))
        assert seen.cap_ppm == min(bound.cap_ppm for bound in seen.bounds)


def test_what_is_not_sensed_is_said() -> None:
    assert view(NOTHING).not_sensed == ("dvol", "envelope", "equity", "plunge")


def test_a_lease_that_is_over_grants_nothing_whatever_the_posture_says() -> None:
    late = replace(demanded(NOTHING, 1), market_time_ns=demanded(NOTHING, 1).market_time_ns + 3 * SECOND)
    assert view(late).lease_left_ns < 0
    assert "nothing is granted" in posture_lines(view(late), WELL)[0]


def test_a_controller_that_was_silent_is_not_believed() -> None:
    assert "silent" in posture_lines(view(replace(demanded(NOTHING, 1), is_governed=False)), WELL)[0]


def test_a_latch_shows_f1_at_nothing_and_no_since() -> None:
    seen = view(demanded(broken(demanded(NOTHING, 1)), 2))
    assert (seen.factors_ppm["invariants"], seen.since_ns, seen.posture) == (0, None, "HIBERNATE")
    assert any("latch    agent: checksum" in line for line in posture_lines(seen, WELL))


def test_the_bar_is_as_long_as_r_and_marks_every_gate() -> None:
    for r_ppm, filled in ((0, 0), (ONE // 2, BAR_WIDTH // 2), (ONE, BAR_WIDTH)):
        bar, gates = r_bar(r_ppm)
        assert bar.count("#") == filled
        assert bar.index("|", 11) == 10 + BAR_WIDTH
        assert gates[: BAR_WIDTH + 11].count("v") == gates[: BAR_WIDTH + 11].count("^") == 3


def test_breakers_come_with_the_most_restricted_first() -> None:
    gates = NOTHING
    for seq in range(1, 9):
        gates = voted(voted(voted(gates, seq, asset="FREE"), seq, 300_000, "SOME"), seq, ONE, "NONE")
    assert [each.asset for each in gates.breakers] == ["NONE", "SOME", "FREE"]
    assert [is_restricted(each) for each in gates.breakers] == [True, True, False]


def test_a_target_is_an_asset_in_any_case_or_the_account() -> None:
    assert asset_of(NOTHING, "paper") == ""
    assert asset_of(NOTHING, "btcusdt") == "BTCUSDT"
