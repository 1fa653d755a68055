"""A client's cluster goes and comes back, members come and go: each is told once, and a client that is shut down loses nothing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hazelcast.asyncio import HazelcastClient
from hazelcast.lifecycle import LifecycleState

from dolphin.cluster.outages import tell_outages


class Client:
    """The two services that are listened to."""

    def __init__(self) -> None:
        self.is_running = True
        self.members = [member(5701), member(5702)]
        self.on_state: Callable[[str], None]
        self.on_come: Callable[[Any], None]
        self.on_go: Callable[[Any], None]
        self.lifecycle_service = SimpleNamespace(is_running=lambda: self.is_running, add_listener=self._listen)
        self.cluster_service = SimpleNamespace(get_members=lambda: self.members, add_listener=self._watch)

    def _listen(self, on_state: Callable[[str], None]) -> None:
        self.on_state = on_state

    def _watch(self, come: Callable[[Any], None], go: Callable[[Any], None]) -> None:
        self.on_come, self.on_go = come, go


def member(port: int) -> Any:
    return SimpleNamespace(address=SimpleNamespace(host="10.0.0.1", port=port))


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def told(client: Client) -> list[str]:
    told: list[str] = []
    hazelcast = cast(HazelcastClient, client)
    tell_outages(hazelcast, lambda why: told.append(f"lost: {why}"), lambda: told.append("back"), told.append)
    return told


def test_the_cluster_goes_and_comes_back(client: Client, told: list[str]) -> None:
    client.on_state(LifecycleState.DISCONNECTED)
    client.on_state(LifecycleState.CONNECTED)
    assert told == ["lost: no member answers", "back"]


def test_a_client_that_is_shut_down_has_lost_nothing(client: Client, told: list[str]) -> None:
    client.on_state(LifecycleState.SHUTTING_DOWN)
    client.is_running = False
    client.on_state(LifecycleState.DISCONNECTED)
    client.on_state(LifecycleState.SHUTDOWN)
    assert told == []


def test_each_member_that_goes_or_comes_is_named_with_how_many_there_are(client: Client, told: list[str]) -> None:
    gone = client.members.pop()
    client.on_go(gone)
    client.members.append(gone)
    client.on_come(gone)
    assert told == ["member 10.0.0.1:5702 has gone; the cluster has 1", "member 10.0.0.1:5702 has come; the cluster has 2"]
