"""Reading a reliable topic straight from its ring buffer, in order, without a listener in between.

A reliable topic *is* a ring buffer (`_hz_rb_<topic>`); reading it ourselves gives one code path for both ways of running: wait for the next
messages, or take exactly what is there. What was overwritten before it was read is counted, never silently skipped.
"""

from typing import Any, Final, Self

from hazelcast.asyncio import HazelcastClient, Ringbuffer

MAX_READ: Final = 256
"""Messages per read."""


class TopicTail:
    """A place in one topic; starts behind the last message that is there when it is opened."""

    def __init__(self, name: str, ringbuffer: Ringbuffer, next_sequence: int) -> None:
        self.name = name
        self._ringbuffer = ringbuffer
        self._next_sequence = next_sequence
        self._gathered: list[Any] = []
        self.lost = 0
        """Messages that were overwritten before they were read."""

    @classmethod
    async def open(cls, client: HazelcastClient, topic: str) -> Self:
        """The end of `topic`, which is made if nobody has used it yet."""
        ringbuffer = await client.get_ringbuffer(f"_hz_rb_{topic}")
        return cls(topic, ringbuffer, await ringbuffer.tail_sequence() + 1)

    async def wait(self) -> list[Any]:
        """The next messages, at least one; blocks until there is one. Hazelcast's errors where the cluster is away."""
        return await self._read(1)

    async def gather(self) -> None:
        """Reads all messages that are there now, for `take`; what was read before an error is kept."""
        while True:
            part = await self._read(0)
            self._gathered += part
            if len(part) < MAX_READ:
                return

    def take(self) -> list[Any]:
        """The gathered messages, once."""
        messages, self._gathered = self._gathered, []
        return messages

    async def _read(self, at_least: int) -> list[Any]:
        result = await self._ringbuffer.read_many(self._next_sequence, at_least, MAX_READ)
        if not result.read_count:
            return []  # an empty answer does not say where to go on; it is here
        self.lost += max(0, result.next_sequence_to_read_from - result.read_count - self._next_sequence)
        self._next_sequence = result.next_sequence_to_read_from
        return [message.payload for message in result]
