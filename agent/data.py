"""The Nautilus data client: topics in, quotes and beats out.

It reads with `hazelcast.asyncio` on the node's own loop, so a message is one callback away from the data engine. Two ways of running:

* paced: one task a topic waits for messages and applies them as they come;
* in lockstep: nothing moves until the feed's progress does; then each topic is drained, the messages are applied in one canonical order,
  with the node's queues run empty after each, and the agent's progress is set, for which the feed waits.

A lost connection is borne as long as the client itself tries to come back; after it `LEVERAGE` is read again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from hazelcast.asyncio import HazelcastClient
from hazelcast.errors import HazelcastError
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.common.providers import InstrumentProvider
from nautilus_trader.data.messages import SubscribeData, SubscribeQuoteTicks, UnsubscribeData, UnsubscribeQuoteTicks
from nautilus_trader.live.data_client import LiveMarketDataClient
from nautilus_trader.model.data import CustomData
from nautilus_trader.model.instruments import CryptoPerpetual

from agent.instruments import VENUE, quote_of
from agent.strategies.ranked_basket import BEAT, DATA_CLIENT, Beat
from dolphin.cluster.topics import TopicTail
from dolphin.core.contract import names
from dolphin.core.contract.packing import unpack
from dolphin.core.placing.view import Touch
from dolphin.host.tasks import end, first, pause
from dolphin.trading.alarm import Alarm
from dolphin.trading.entitlement import Entitlements
from dolphin.trading.inbox import TOPICS, Inbox

RETRY_S: Final = 0.1
"""Pause after a failed read of the cluster."""
LOOK_AGAIN_S: Final = 1.0
"""How often the feed's progress is looked up in case its event was lost."""


class DolphinDataClient(LiveMarketDataClient):
    """Feeds one node from one cluster."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        msgbus: MessageBus,
        cache: Cache,
        clock: LiveClock,
        *,
        hazelcast: HazelcastClient,
        instruments: dict[str, CryptoPerpetual],
        leverage_keys: list[str],
        entitlements: Entitlements,
        alarm: Alarm,
        is_lockstep: bool,
        run_queues_empty: Callable[[], Awaitable[None]],
        on_end: Callable[[], None],
    ) -> None:
        """`on_end` is called when the reading has ended, whatever ended it."""
        super().__init__(
            loop=loop,
            client_id=DATA_CLIENT,
            venue=VENUE,
            msgbus=msgbus,
            cache=cache,
            clock=clock,
            instrument_provider=InstrumentProvider(),
        )
        self._hazelcast = hazelcast
        self._instruments = instruments
        self._leverage_keys = leverage_keys
        self._entitlements = entitlements
        self._alarm = alarm
        self._is_lockstep = is_lockstep
        self._run_queues_empty = run_queues_empty
        self._tails: dict[str, TopicTail] = {}
        self._on_end = on_end
        self._may_read = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self.inbox: Inbox
        """Set once by `node`, whose parts need each other."""

    @property
    def lost(self) -> int:
        """Messages overwritten before they were read."""
        return sum(tail.lost for tail in self._tails.values())

    def deliver(self, touches: dict[str, Touch], market_time_ns: int) -> None:
        """Sends the changed touches, then a beat, through the data engine's queue."""
        for asset, touch in touches.items():
            instrument = self._instruments.get(asset)
            quote = None if instrument is None else quote_of(instrument, touch, market_time_ns)
            if quote is not None:
                self._handle_data(quote)
        self._handle_data(CustomData(BEAT, Beat(market_time_ns)))

    def start_reading(self) -> None:
        """Begins to apply messages; call it when the node runs."""
        self._may_read.set()

    async def stop_reading(self) -> None:
        """Applies nothing any more."""
        if self._reading is not None:
            await end(self._reading)

    def failed(self) -> BaseException | None:
        """Why the reading ended by itself, if it did."""
        if self._reading is None or not self._reading.done() or self._reading.cancelled():
            return None
        error = self._reading.exception()
        return first(error) if isinstance(error, BaseExceptionGroup) else error

    async def reread_leverage(self) -> None:
        """Takes over what `LEVERAGE` holds now."""
        values = await (await self._hazelcast.get_map(names.LEVERAGE)).get_all(self._leverage_keys)
        self._entitlements.restore(bytes(value) for _, value in sorted(values.items()))

    async def _connect(self) -> None:
        self._tails = {topic: await TopicTail.open(self._hazelcast, topic) for topic in TOPICS}
        await self.reread_leverage()
        self._reading = self._loop.create_task(self._read())
        self._reading.add_done_callback(lambda _: self._on_end())

    async def _disconnect(self) -> None:
        await self.stop_reading()
        await self._hazelcast.shutdown()

    async def _read(self) -> None:
        """The one task that owns all reading: what fails in it ends it, and is heard."""
        await self._may_read.wait()
        async with asyncio.TaskGroup() as readers:
            if self._is_lockstep:
                readers.create_task(self._step_with_feed())
            else:
                for tail in self._tails.values():
                    readers.create_task(self._follow(tail))

    async def _follow(self, tail: TopicTail) -> None:
        """Applies the messages of one topic as they come."""
        while True:
            try:
                messages = await tail.wait()
            except HazelcastError as error:
                await self._bear(error)
                continue
            for message in messages:
                self.inbox.receive(tail.name, message)
            if self._entitlements.is_damaged:
                await self._mend()

    async def _mend(self) -> None:
        """Reads `LEVERAGE` again after damage or a lost connection; if it cannot be read, the next message brings us back here.

        What was broken has to be known to the governor first: the map then holds what follows from it.
        """
        if not await self._alarm.settled():
            self._entitlements.close("a broken invariant could not be told to the governor")
        with suppress(HazelcastError):
            await self.reread_leverage()

    async def _bear(self, error: HazelcastError) -> None:
        """Waits a little after a failed call; raises `error` when the client has given up, for it will not come back."""
        if not self._hazelcast.lifecycle_service.is_running():
            raise error
        await asyncio.sleep(RETRY_S)
        await self._mend()

    async def _step_with_feed(self) -> None:
        """In lockstep: step whenever the feed's progress moves."""
        progress = await self._hazelcast.get_map(names.DOLPHIN_PROGRESS)
        moved = asyncio.Event()
        await progress.add_entry_listener(
            include_value=False, key=names.FEED, added_func=lambda _: moved.set(), updated_func=lambda _: moved.set()
        )
        done_ns = told_ns = 0
        while True:
            moved.clear()
            try:
                feed_ns = await progress.get(names.FEED) or 0
                if feed_ns > done_ns:
                    await self._step()
                    done_ns = feed_ns
                if done_ns > told_ns:
                    await progress.set(names.AGENT, done_ns)
                    told_ns = done_ns
                    continue
            except HazelcastError as error:
                await self._bear(error)
                continue
            await pause(LOOK_AGAIN_S, moved)

    async def _step(self) -> None:
        """Applies what the jobs have published since the last step."""
        outcomes = await asyncio.gather(*(tail.gather() for tail in self._tails.values()), return_exceptions=True)
        for failure in filter(None, outcomes):
            raise failure
        messages = [(topic, message) for topic, tail in self._tails.items() for message in tail.take()]
        for topic, message in sorted(messages, key=_canonical):
            self.inbox.receive(topic, message)
            await self._run_queues_empty()
        if self._entitlements.is_damaged:
            await self._mend()

    async def _subscribe(self, command: SubscribeData) -> None:
        """Beats come without asking."""

    async def _subscribe_quote_ticks(self, command: SubscribeQuoteTicks) -> None:
        """Quotes come without asking."""

    async def _unsubscribe(self, command: UnsubscribeData) -> None:
        """Nothing was asked for."""

    async def _unsubscribe_quote_ticks(self, command: UnsubscribeQuoteTicks) -> None:
        """Nothing was asked for."""


def _canonical(item: tuple[str, Any]) -> tuple[int, int, str]:
    """Market time; then leverage (account, then assets by name), ranking, market. An unreadable leverage message comes first of all."""
    topic, message = item
    rank = TOPICS.index(topic)
    if topic != names.LEVERAGE_CHANGES:
        return message.time_ns, rank, ""
    try:
        fields = unpack(message)
        return int(fields["issued_at_ns"]), rank, str(fields["asset"])
    except Exception:  # damaged in whichever way: the entitlement finds out and says so
        return 0, rank, ""
