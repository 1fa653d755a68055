"""Which runs go."""

from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.upkeep.runs import RunFolder, to_prune

RUNS = st.lists(
    st.builds(RunFolder, st.text("0123456789", min_size=4, max_size=6), st.integers(0, 9), st.floats(0, 100), st.booleans()),
    unique_by=lambda run: run.run_id,
)
LIMITS = {"keep": st.none() | st.integers(0, 10), "older_than_s": st.none() | st.floats(0, 100)}


def run(run_id: str, last_s: float = 0.0, *, is_running: bool = False) -> RunFolder:
    return RunFolder(run_id, 1, last_s, is_running)


def test_the_oldest_go_and_the_newest_stay() -> None:
    assert to_prune([run("3"), run("1"), run("2")], 9.0, keep=1) == [run("1"), run("2")]


def test_a_run_that_was_silent_for_long_enough_goes() -> None:
    assert to_prune([run("1", 5.0), run("2", 1.0)], 10.0, older_than_s=5.0) == [run("2", 1.0)]


@given(runs=RUNS, **LIMITS)
def test_what_goes_is_in_order_and_neither_runs_nor_is_among_the_kept(
    runs: list[RunFolder], keep: int | None, older_than_s: float | None
) -> None:
    going = to_prune(runs, 100.0, keep=keep, older_than_s=older_than_s)
    newest = sorted((each.run_id for each in runs), reverse=True)[: keep or 0]
    assert going == sorted(going, key=lambda each: each.run_id)
    for each in going:
        assert not each.is_running
        assert each.run_id not in newest
        assert older_than_s is None or 100.0 - each.last_wall_s > older_than_s


@given(runs=RUNS)
def test_without_limits_everything_goes_but_what_runs(runs: list[RunFolder]) -> None:
    assert {each.run_id for each in to_prune(runs, 100.0)} == {each.run_id for each in runs if not each.is_running}
