"""One agent, assembled: the Nautilus node, its data client, the order gate before the sandbox venue, the strategy, the wiring.

The parts know each other only through what is handed to them here. A change of the entitlement goes the same way every time: said in the
journal, working orders taken back by the execution client, and only then the strategy, which flattens or steers.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from hazelcast.asyncio import HazelcastClient
from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.config import (
    LiveDataEngineConfig,
    LiveExecEngineConfig,
    LiveRiskEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.events import OrderEvent

from agent.data import DolphinDataClient
from agent.execution import DolphinExecutionClient
from agent.instruments import VENUE, VENUE_LEVERAGE, dollars_of, instrument_of, limits_of
from agent.strategies.ranked_basket import RankedBasket
from dolphin.cluster.signals import to_posture
from dolphin.core.contract import names
from dolphin.core.control.belief import LEASE_EXPIRED, BeliefEffect, CapChanged, CommandBelieved, LeaseEnded, PostureChanged, Reopened, Shut
from dolphin.core.control.posture import Posture
from dolphin.host.saying import Outage, Say
from dolphin.trading.alarm import Alarm
from dolphin.trading.booking import Booking
from dolphin.trading.desk import Desk
from dolphin.trading.entitlement import LOCKSTEP_SILENCE_LIMIT_NS, SILENCE_LIMIT_NS, Entitlements
from dolphin.trading.inbox import Inbox
from dolphin.trading.journal import Journal, Trace
from dolphin.trading.latency import LEASE_TO_HIBERNATE, Latencies
from dolphin.trading.options import AgentOptions
from dolphin.trading.telling import Telling

IDLE_ROUNDS: Final = 3
"""Turns of the loop with all queues empty after which nothing is under way: an event takes at most two to reach the next queue."""
MAX_ROUNDS: Final = 100_000
MAX_FLATTENINGS: Final = 200
"""Attempts to be flat at the end of a run; each deals at most what the touch holds. What is left, the next run closes in the ledger."""
START_TIMEOUT_S: Final = 30.0
ALARM_TIMEOUT_S: Final = 10.0
"""How long an agent that ends waits for the governor to hear what was broken."""


class Agent:
    """A node that trades one account; create it on the running loop. It shuts `hazelcast` down when it stops."""

    def __init__(
        self,
        options: AgentOptions,
        hazelcast: HazelcastClient,
        booking: Booking,
        journal: Journal,
        trace: Trace,
        say: Say,
        on_end: Callable[[], None],
    ) -> None:
        """`on_end` is called when the node or the reading has ended; `failure` says whether it should not have."""
        self._on_end = on_end
        self._market, self._lease = Outage("the market", say), Outage("the account's lease", say)
        self._loop = asyncio.get_running_loop()
        self._account = account = options.paper.account
        self.journal = journal
        self.latencies = Latencies()
        instruments = {asset: instrument_of(asset) for asset in options.assets}
        telling = Telling(booking.ledger, journal.write, trace.add)
        self.desk = Desk(booking, telling, {asset: limits_of(asset) for asset in instruments})
        self.entitlements = Entitlements(
            account,
            options.assets,
            speed=options.speed,
            silence_limit_ns=LOCKSTEP_SILENCE_LIMIT_NS if options.is_lockstep else SILENCE_LIMIT_NS,
            monotonic_ns=time.monotonic_ns,
            on_effects=self._on_effects,
        )
        self.desk.entitlements = self.entitlements
        self.alarm = self.desk.alarm = Alarm(lambda signal: to_posture(hazelcast, account, signal))
        self._node = TradingNode(config=_node_config(options.run_dir), loop=self._loop)
        kernel = self._node.kernel
        for instrument in instruments.values():
            kernel.cache.add_instrument(instrument)
        self._data = DolphinDataClient(
            self._loop,
            kernel.msgbus,
            kernel.cache,
            kernel.clock,
            hazelcast=hazelcast,
            instruments=instruments,
            leverage_keys=_leverage_keys(account, options.assets),
            entitlements=self.entitlements,
            alarm=self.alarm,
            is_lockstep=options.is_lockstep,
            run_queues_empty=self.run_queues_empty,
            on_end=on_end,
        )
        self.inbox = self._data.inbox = Inbox(self.desk, self.latencies, self._data.deliver)
        self._execution = DolphinExecutionClient(
            self._loop,
            kernel.portfolio,
            kernel.msgbus,
            kernel.cache,
            kernel.clock,
            SandboxExecutionClientConfig(
                venue=VENUE.value,
                starting_balances=[dollars_of(booking.cash_micro)],
                default_leverage=VENUE_LEVERAGE,
            ),
            self.desk,
            self._apply_event,
        )
        self._strategy = RankedBasket(self.desk, instruments, self.latencies, booking.epoch)
        kernel.data_engine.register_client(self._data)
        kernel.exec_engine.register_client(self._execution)
        kernel.trader.add_strategy(self._strategy)
        self._node.build()
        self._run: asyncio.Task[None]

    @property
    def lost_messages(self) -> int:
        """Messages that were overwritten in the cluster before they were read."""
        return self._data.lost

    async def start(self) -> None:
        """Connects, starts the node and begins to apply messages. TimeoutError if the node does not come up."""
        self._run = self._loop.create_task(self._node.run_async())
        self._run.add_done_callback(lambda _: self._on_end())
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._strategy.is_running:
                if self._run.done():
                    raise RuntimeError("the trading node ended while it was starting")
                await asyncio.sleep(0.01)
        await self.run_queues_empty()
        self._data.start_reading()

    def tend(self) -> None:
        """Flattens what is left in HIBERNATE although no beat comes; call it now and then by the wall clock."""
        if self.entitlements.posture is Posture.HIBERNATE and self.desk.exposure.positions:
            self._strategy.flatten()

    def failure(self) -> BaseException | None:
        """Why the agent cannot go on, if it cannot."""
        if self._run.done():
            return self._run.exception() or RuntimeError("the trading node ended by itself")
        return self.desk.fault or self._data.failed()

    async def stop(self, reason: str) -> None:
        """Applies nothing more, cancels and flattens everything, ends the run in the ledger, and stops the node when the alarm is told."""
        await self._data.stop_reading()
        self.entitlements.close(reason)
        await self.run_queues_empty()
        for _ in range(MAX_FLATTENINGS):
            if not self.desk.exposure.positions or self.desk.fault is not None:
                break
            self._strategy.flatten()
            await self.run_queues_empty()
        self.desk.close(reason)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.alarm.settled(), ALARM_TIMEOUT_S)
        await self._node.stop_async()
        await asyncio.wait([self._run])

    async def run_queues_empty(self) -> None:
        """Lets the node work until nothing is under way between its engines."""
        kernel = self._node.kernel
        data, risk, execution = kernel.data_engine, kernel.risk_engine, kernel.exec_engine
        sizes = (data.cmd_qsize, data.req_qsize, data.res_qsize, data.data_qsize)
        sizes += (risk.cmd_qsize, risk.evt_qsize, execution.cmd_qsize, execution.evt_qsize)
        idle = 0
        for _ in range(MAX_ROUNDS):
            await asyncio.sleep(0)
            idle = idle + 1 if not any(size() for size in sizes) else 0
            if idle == IDLE_ROUNDS:
                return
        raise RuntimeError(f"the node's queues did not run empty in {MAX_ROUNDS} turns of the loop")

    def _on_effects(self, effects: tuple[BeliefEffect, ...]) -> None:
        self._act(effects)
        for effect in effects:
            match effect:
                case Shut(reason=reason) if self.entitlements.market_time_ns:  # before the first batch there is nothing to lose
                    self._market.began(reason)
                case Reopened():
                    self._market.ended()
                case LeaseEnded(key=self._account):
                    self._lease.began("it ran out")
                case CommandBelieved(command=command) if command.key == self._account:
                    self._lease.ended()
                case _:
                    pass

    def _act(self, effects: tuple[BeliefEffect, ...]) -> None:
        self.desk.tell_effects(effects)
        if not any(isinstance(effect, PostureChanged | CapChanged) for effect in effects):
            return
        self._measure_expiry(effects)
        self._execution.take_back()
        if not self._strategy.is_running:
            return
        if self.entitlements.posture is Posture.HIBERNATE:
            self._strategy.flatten()
        else:
            self._strategy.react()

    def _measure_expiry(self, effects: tuple[BeliefEffect, ...]) -> None:
        """How long after its lease had run out the account was in HIBERNATE; measurable where market time runs by itself."""
        for effect in effects:
            if isinstance(effect, CapChanged) and not effect.asset and effect.reason == LEASE_EXPIRED and self.entitlements.speed:
                late_ns = self.entitlements.market_time_ns - effect.event_time_ns
                self.latencies.record(LEASE_TO_HIBERNATE, round(late_ns / self.entitlements.speed))

    def _apply_event(self, event: OrderEvent) -> None:
        """Past the live engine's queue, into the engine."""
        ExecutionEngine.process(self._node.kernel.exec_engine, event)


def _leverage_keys(account: str, assets: Iterable[str]) -> list[str]:
    return [names.gate_key(account, asset) for asset in ("", *assets)]


def _node_config(run_directory: Path) -> TradingNodeConfig:
    """A quiet node whose own risk checks are out of the way: the order gate decides."""
    return TradingNodeConfig(
        trader_id="DOLPHIN-001",
        logging=LoggingConfig(
            log_level="ERROR", log_level_file="WARNING", log_directory=str(run_directory), log_file_name="nautilus", log_colors=False
        ),
        data_engine=LiveDataEngineConfig(),
        risk_engine=LiveRiskEngineConfig(bypass=True),
        exec_engine=LiveExecEngineConfig(reconciliation=False, inflight_check_interval_ms=0),
        timeout_connection=20.0,
        timeout_portfolio=5.0,
        timeout_disconnection=2.0,
        timeout_post_stop=0.1,
    )
