"""What is announced crosses to Java as a byte array: `bytes` would be pickled by the client, which no Java side can read."""

from typing import Any

from dolphin.cluster import signals


class Cluster:
    """Stands where the client is; keeps what was published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, object]] = []

    async def get_reliable_topic(self, name: str) -> Any:
        cluster = self

        class Topic:
            async def publish(self, message: object) -> None:
                cluster.published.append((name, message))

        return Topic()


async def test_a_command_is_announced_as_a_bytearray() -> None:
    cluster: Any = Cluster()
    assert await signals._announce(cluster, "leverage-changes", b"\x01")  # pyright: ignore[reportPrivateUsage]
    assert [(name, type(message)) for name, message in cluster.published] == [("leverage-changes", bytearray)]
