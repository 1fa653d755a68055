"""Timed: one order through the order gate, and through the pre-trade check of Nautilus."""

import sys

from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientOrderId, StrategyId, TraderId
from nautilus_trader.model.objects import Quantity
from nautilus_trader.model.orders import MarketOrder
from nautilus_trader.portfolio import Portfolio
from nautilus_trader.risk.engine import RiskEngine
from nautilus_trader.test_kit.stubs.component import TestComponentStubs

from agent.instruments import instrument_of, quote_of
from bench.signal_rig.fresh import report
from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Exposure, Limits, Order, Style, Working, admit, decide
from dolphin.core.placing.view import Touch
from dolphin.core.units import ONE, ONE_E8

ASSETS = 20
WORKING = 10
PRICE_E8 = 100 * ONE_E8
GRANT = Grant("APEX", 2 * ONE, 2 * ONE, False)
EQUITY_MICRO = 1_000_000 * ONE
LIMITS = Limits(step_e8=100_000, min_notional_micro=5 * ONE)


def busy_exposure() -> Exposure:
    """20 positions, 10 of them with an order working."""
    names = [f"A{n}USDT" for n in range(ASSETS)]
    working = {f"W{n}": Working(names[n], 1, ONE_E8, Style.POST_ONLY, PRICE_E8, False) for n in range(WORKING)}
    return Exposure(dict.fromkeys(names, ONE_E8), working)


def nautilus_check() -> tuple[RiskEngine, SubmitOrder]:
    """Their engine with one instrument, one quote and an order to check."""
    clock, cache = TestClock(), TestComponentStubs.cache()
    msgbus = MessageBus(TraderId("BENCH-001"), clock)
    engine = RiskEngine(Portfolio(msgbus, cache, clock), msgbus, cache, clock)
    msgbus.register("ExecEngine.execute", lambda _: None)
    instrument = instrument_of("A0USDT")
    cache.add_instrument(instrument)
    cache.add_quote_tick(quote_of(instrument, Touch(PRICE_E8 - 100, PRICE_E8, ONE_E8, ONE_E8), 1))
    engine.start()
    trader, strategy = TraderId("BENCH-001"), StrategyId("S-001")
    order = MarketOrder(trader, strategy, instrument.id, ClientOrderId("1"), OrderSide.BUY, Quantity(1, 3), UUID4(), 0)
    return engine, SubmitOrder(trader, strategy, order, UUID4(), 0)


def main(seconds: float) -> None:
    exposure = busy_exposure()
    marks_e8 = dict.fromkeys(exposure.positions, PRICE_E8)
    order = Order("1", "A0USDT", 1, ONE_E8, Style.MARKET, None, False)
    standing = exposure.standing(order.asset, EQUITY_MICRO, marks_e8)
    engine, command = nautilus_check()
    report(
        {
            "admit": lambda: admit(exposure, order, GRANT, EQUITY_MICRO, marks_e8, LIMITS),
            "decide": lambda: decide(order, GRANT, standing, LIMITS),
            "peer": lambda: engine.execute(command),
            "floor": lambda: None,
        },
        seconds,
    )


if __name__ == "__main__":
    main(float(sys.argv[1]))
