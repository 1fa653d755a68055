"""What the agent process is started with."""

from pathlib import Path

import pytest

from dolphin.config import Paper
from dolphin.errors import BadInput
from dolphin.host.options import read_options, write_options
from dolphin.trading.options import AgentOptions


def options(*assets: str, speed: float = 1.0, account: str = "paper") -> AgentOptions:
    return AgentOptions(
        member="m:1", run_id="r", run_dir=Path("r"), ledger=Path("l"), paper=Paper(account=account), assets=assets, speed=speed
    )


def test_the_agent_is_in_lockstep_where_market_time_has_no_pace() -> None:
    assert options("A", speed=0.0).is_lockstep
    assert not options("A", speed=0.5).is_lockstep


@pytest.mark.parametrize("assets", [("B", "A"), ("A", "A")])
def test_assets_are_sorted_and_named_once(assets: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as caught:
        options(*assets)
    assert caught.value.field == "assets"


@pytest.mark.parametrize(
    ("wrong", "field"), [(options(), "assets"), (options("A", speed=-1.0), "speed"), (options("A", account="No!"), "paper.account")]
)
def test_a_value_out_of_range_is_refused_by_name(wrong: AgentOptions, field: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_options(write_options(wrong, tmp_path / "agent.json"), AgentOptions)
    assert caught.value.field == field
