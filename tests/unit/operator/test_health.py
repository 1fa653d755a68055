"""A verdict is on one moment: what looking takes, and what comes after it, is held against nobody."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hazelcast.asyncio import HazelcastClient
from standings import NOW, say

from dolphin.cluster.watch import ClusterWatch, Sighting
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.health.parts import PARTS
from dolphin.core.health.verdict import SUPERVISOR_NS, Health, State
from dolphin.core.units import SECOND_NS
from dolphin.host.home import open_home
from dolphin.operator import health
from dolphin.operator.gate_state import Gates

T0 = NOW


class Clock:
    """Wall time as the module under test sees it."""

    now_ns = T0

    def time_ns(self) -> int:
        return self.now_ns


@pytest.fixture
def assessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., health.Assessment]:
    clock, home = Clock(), open_home(tmp_path / "home")
    say(home, T0)

    def assess(*, look_s: float, gates_s: float, supervisor_speaks: bool) -> health.Assessment:
        async def see(watch: ClusterWatch) -> Sighting:
            watch.hazelcast = cast("HazelcastClient", object())
            clock.now_ns += round(look_s * SECOND_NS)
            if supervisor_speaks:
                say(home, clock.now_ns)
            return Sighting({part.name: Heartbeat(T0, clock.now_ns, clock.now_ns) for part in PARTS}, {})

        async def gates(*_: object) -> Gates | None:
            clock.now_ns += round(gates_s * SECOND_NS)
            return None

        monkeypatch.setattr(health, "time", clock)
        monkeypatch.setattr(ClusterWatch, "see", see)
        monkeypatch.setattr(ClusterWatch, "close", lambda _: asyncio.sleep(0))
        monkeypatch.setattr(health, "_gates", gates)
        return health.assess(home)

    return assess


@pytest.mark.parametrize(("look_s", "gates_s"), [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)])
def test_a_slow_look_makes_nobody_silent(assessed: Callable[..., health.Assessment], look_s: float, gates_s: float) -> None:
    verdict = assessed(look_s=look_s, gates_s=gates_s, supervisor_speaks=True).verdict
    assert verdict.health is Health.HEALTHY, verdict.headline
    assert {part.state for part in verdict.parts} == {State.ALIVE}
    assert {part.age_ns for part in verdict.parts} == {0}


def test_a_supervisor_that_said_nothing_during_a_slow_look_is_silent(assessed: Callable[..., health.Assessment]) -> None:
    verdict = assessed(look_s=SUPERVISOR_NS / SECOND_NS + 1.0, gates_s=0.0, supervisor_speaks=False).verdict
    assert verdict.health is Health.DOWN
    assert "the supervisor has been silent for 4 s" in verdict.headline


def test_a_supervisor_that_writes_and_has_not_looked_for_long_is_silent(assessed: Callable[..., health.Assessment], tmp_path: Path) -> None:
    say(open_home(tmp_path / "home"), T0, looked_ns=T0 - health.LOOK_LIMIT_NS - SUPERVISOR_NS)
    assert assessed(look_s=0.0, gates_s=0.0, supervisor_speaks=False).verdict.health is Health.HEALTHY
    say(open_home(tmp_path / "home"), T0, looked_ns=T0 - health.LOOK_LIMIT_NS - SUPERVISOR_NS - 1)
    assert "the supervisor has been silent" in assessed(look_s=0.0, gates_s=0.0, supervisor_speaks=False).verdict.headline
