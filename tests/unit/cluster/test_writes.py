"""A write to a cluster that does not answer: done once, or given up with a reason."""

import pytest
from hazelcast.errors import TargetDisconnectedError

from dolphin.cluster import writes as module
from dolphin.cluster.writes import write_once
from dolphin.errors import DolphinError


class Store:
    """Loses answers: a write listed in `lost` happens, or not, and the caller does not hear."""

    def __init__(self, *lost: bool) -> None:
        self.writes = 0
        self._lost = list(lost)

    async def write(self) -> None:
        if self._lost:
            self.writes += self._lost.pop(0)
            raise TargetDisconnectedError("gone")
        self.writes += 1

    async def has_happened(self) -> bool:
        return self.writes > 0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.001)


@pytest.mark.parametrize("lost", [(), (False,), (True,), (False, True), (False, False, False)])
async def test_a_write_happens_exactly_once_whatever_answers_are_lost(lost: tuple[bool, ...]) -> None:
    store = Store(*lost)
    await write_once(store.write, store.has_happened)
    assert store.writes == 1


async def test_a_cluster_that_never_answers_is_given_up_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_LIMIT_S", 0.02)

    async def fails() -> bool:
        raise TargetDisconnectedError("gone")

    with pytest.raises(DolphinError, match=r"not taken a write .*TargetDisconnectedError"):
        await write_once(fails, fails)


async def test_an_error_that_is_not_the_clusters_is_not_retried() -> None:
    async def fails() -> bool:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await write_once(fails, fails)
