"""Messages into effects: what each topic's message does to the desk, the entitlement and the quotes, in one place for both ways of running.

A market message that cannot be read is counted and left out: its silence is noticed by the lease. A leverage message that cannot be read is
the entitlement's own affair (`Entitlements.apply`). A market that was made under another control law ends the trading of this process.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from dolphin.core.arrow.ipc import StreamReader
from dolphin.core.contract import names
from dolphin.core.control import params
from dolphin.core.placing.view import Touch
from dolphin.trading import latency
from dolphin.trading.desk import Desk
from dolphin.trading.inbound import Features, read_features, read_ranking
from dolphin.trading.latency import Latencies

MARKET: Final = names.market_topic(names.FIRST_SHARD)
TOPICS: Final = (names.LEVERAGE_CHANGES, names.RANKING_TOPIC, MARKET)
"""In the order in which messages of the same market time take effect: what is allowed, what is wanted, what it costs."""


class Inbox:
    """Applies messages. `on_quotes` gets the touches that changed with the market time of their batch, once a batch, also when none did."""

    def __init__(self, desk: Desk, latencies: Latencies, on_quotes: Callable[[dict[str, Touch], int], None]) -> None:
        self._desk = desk
        self._latencies = latencies
        self._on_quotes = on_quotes
        self._streams = {names.RANKING_TOPIC: StreamReader(), MARKET: StreamReader()}
        self.received: Counter[str] = Counter()
        """Messages by topic."""
        self.unreadable: Counter[str] = Counter()
        """Messages that could not be read, by topic."""

    def receive(self, topic: str, message: Any) -> None:
        """Applies one message of `topic`."""
        self.received[topic] += 1
        if topic == names.LEVERAGE_CHANGES:
            self._receive_leverage(message)
            return
        try:
            batch = self._streams[topic].read(memoryview(message.arrow))
            content = read_features(batch) if topic == MARKET else read_ranking(batch)
        except (AttributeError, ValueError, KeyError, TypeError, EOFError, StopIteration, pa.ArrowException):
            self.unreadable[topic] += 1
            return
        if isinstance(content, Features):
            self._receive_features(content)
        else:
            self._desk.take_ranking(content)

    def _receive_features(self, features: Features) -> None:
        if wrong := params.difference(features.info.law):
            self._desk.reject_law(wrong)
            return
        wall_ns, info, latencies = time.time_ns(), features.info, self._latencies
        if info.emitted_wall_ns:
            latencies.record(latency.TOPIC_TO_AGENT, wall_ns - info.emitted_wall_ns)
        if info.published_wall_ns:
            latencies.record(latency.FEED_TO_AGENT, wall_ns - info.published_wall_ns)
            latencies.remember_batch(info.market_time_ns, info.published_wall_ns)
        if info.emitted_wall_ns and info.published_wall_ns:
            latencies.record(latency.FEED_TO_FEATURE, info.emitted_wall_ns - info.published_wall_ns)
        known = self._desk.market.touches
        changed = {asset: touch for asset, touch in features.touches.items() if known.get(asset) != touch}
        self._desk.take_features(features)
        self._desk.entitlements.observe(info.market_time_ns, features.last_cause)
        self._on_quotes(changed, info.market_time_ns)

    def _receive_leverage(self, message: Any) -> None:
        command = self._desk.entitlements.apply(bytes(message) if isinstance(message, bytes | bytearray) else b"")
        if command is not None and command.cap_ppm != command.from_cap_ppm:
            self._latencies.record_cap_change(command.issued_at_ns, time.time_ns())
