"""When a client loses its cluster and finds it again, and which members come and go: told as it happens."""

from collections.abc import Callable

from hazelcast.asyncio import HazelcastClient
from hazelcast.core import MemberInfo
from hazelcast.lifecycle import LifecycleState


def tell_outages(hazelcast: HazelcastClient, began: Callable[[str], None], ended: Callable[[], None], say: Callable[[str], None]) -> None:
    """Calls `began` and `ended` when the cluster goes and comes back, and `say` for each member, on the client's own loop."""

    def on_state(state: str) -> None:
        if state == LifecycleState.DISCONNECTED and hazelcast.lifecycle_service.is_running():
            began("no member answers")
        elif state == LifecycleState.CONNECTED:
            ended()

    def on_member(what: str) -> Callable[[MemberInfo], None]:
        def tell(member: MemberInfo) -> None:
            there = len(hazelcast.cluster_service.get_members())
            say(f"member {member.address.host}:{member.address.port} {what}; the cluster has {there}")

        return tell

    hazelcast.lifecycle_service.add_listener(on_state)
    hazelcast.cluster_service.add_listener(on_member("has come"), on_member("has gone"))
