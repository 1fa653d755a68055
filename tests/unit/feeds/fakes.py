"""Stand-ins for what the feed uses of the cluster."""

from dolphin.feeds.claim import Claim


class Feeds:
    """The map of claims, with leases by a clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.entries: dict[str, tuple[str, float]] = {}
        self.trouble: Exception | None = None
        self.asked = 0

    async def get(self, key: str) -> str | None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        value, expires_s = self.entries.get(key, ("", 0.0))
        return value if self.now_s < expires_s else None

    async def set(self, key: str, value: str, ttl: float) -> None:
        self.entries[key] = (value, self.now_s + ttl)

    async def put_if_absent(self, key: str, value: str, ttl: float) -> str | None:
        held = await self.get(key)
        if held is None:
            await self.set(key, value, ttl)
        return held

    async def set_ttl(self, key: str, ttl: float) -> None:
        self.entries[key] = (self.entries[key][0], self.now_s + ttl)

    async def remove_if_same(self, key: str, value: str) -> bool:
        is_same = await self.get(key) == value
        if is_same:
            del self.entries[key]
        return is_same


def claim(feeds: Feeds | None = None, *, run_id: str = "r", shard: str = "0") -> Claim:
    """A claim on a shard of `feeds`, or of nobody else's."""
    return Claim(feeds or Feeds(), shard=shard, run_id=run_id, source="synthetic")
