"""What was typed is settled before anything outside is asked."""

import pytest

from dolphin.config import Config, Live
from dolphin.errors import BadInput
from dolphin.run import launch
from dolphin.run.launch import Wish, plan_show


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Live]:
    """What the exchange was asked for."""
    asked: list[Live] = []

    async def note(live: Live) -> None:
        asked.append(live)

    monkeypatch.setattr(launch, "check_symbols", note)
    return asked


@pytest.mark.parametrize("speed", ["8", "max", "fast"])
def test_a_speed_that_a_live_market_has_not_is_refused_before_the_exchange_is_asked(speed: str, asked: list[Live]) -> None:
    with pytest.raises(BadInput, match="a live market has one speed"):
        plan_show(Wish("live", (), speed, loop=False), Config())
    assert not asked


@pytest.mark.parametrize("speed", ["auto", "1"])
def test_the_speed_of_a_live_market_is_one(speed: str, asked: list[Live]) -> None:
    assert plan_show(Wish("live", (), speed, loop=False), Config()).market.speed == 1.0
    assert asked == [Config().live]
