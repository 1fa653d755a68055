"""Exchange frames as text, for tests: one builder a stream, with the fields a test is about as arguments."""

import json
from collections.abc import Sequence

type Levels = Sequence[tuple[str, str]]

BIDS: Levels = (("99.0", "1"), ("98.0", "2"))
ASKS: Levels = (("101.0", "3"), ("102.0", "4"))


def frame(stream: str, data: dict[str, object]) -> bytes:
    return json.dumps({"stream": stream, "data": data}).encode()


def book_ticker(symbol: str = "BTCUSDT", update_id: int = 1, time_ms: int = 1_000, **more: object) -> bytes:
    data = {"e": "bookTicker", "u": update_id, "s": symbol, "b": "99.0", "B": "1.5", "a": "101.0", "A": "2.5", "T": time_ms, "E": time_ms}
    return frame(f"{symbol.lower()}@bookTicker", {**data, **more})


def trade(symbol: str = "BTCUSDT", trade_id: int = 7, time_ms: int = 1_000, **more: object) -> bytes:
    data = {"e": "trade", "E": time_ms, "T": time_ms, "s": symbol, "t": trade_id, "p": "100.0", "q": "0.5", "X": "MARKET", "m": False}
    return frame(f"{symbol.lower()}@trade", {**data, **more})


def agg_trade(symbol: str = "BTCUSDT", trade_id: int = 8, time_ms: int = 1_000, **more: object) -> bytes:
    data = {"e": "aggTrade", "E": time_ms, "a": trade_id, "s": symbol, "p": "100.0", "q": "0.5", "f": 1, "l": 2, "T": time_ms, "m": True}
    return frame(f"{symbol.lower()}@aggTrade", {**data, **more})


def mark_price(symbol: str = "BTCUSDT", time_ms: int = 1_000, **more: object) -> bytes:
    data = {"e": "markPriceUpdate", "E": time_ms, "s": symbol, "p": "100.25", "P": "100", "i": "100", "r": "0.00010000", "T": 28_800_000}
    return frame(f"{symbol.lower()}@markPrice@1s", {**data, **more})


def force_order(symbol: str = "BTCUSDT", time_ms: int = 1_000, **more: object) -> bytes:
    order = {
        "s": symbol,
        "S": "SELL",
        "o": "LIMIT",
        "f": "IOC",
        "q": "0.5",
        "p": "98",
        "ap": "99.5",
        "X": "FILLED",
        "z": "0.5",
        "T": time_ms,
    }
    return frame(f"{symbol.lower()}@forceOrder", {"e": "forceOrder", "E": time_ms + 1, "o": {**order, **more}})


def depth(
    first_id: int, last_id: int, previous_id: int, *, bids: Levels = (), asks: Levels = (), symbol: str = "BTCUSDT", time_ms: int = 1_000
) -> bytes:
    data = {
        "e": "depthUpdate",
        "E": time_ms,
        "T": time_ms,
        "s": symbol,
        "U": first_id,
        "u": last_id,
        "pu": previous_id,
        "b": list(bids),
        "a": list(asks),
    }
    return frame(f"{symbol.lower()}@depth@100ms", data)


def snapshot(last_id: int, *, bids: Levels = BIDS, asks: Levels = ASKS, symbol: str = "BTCUSDT", time_ms: int = 1_000) -> bytes:
    return frame(
        f"{symbol.lower()}@depthSnapshot", {"lastUpdateId": last_id, "E": time_ms, "T": time_ms, "bids": list(bids), "asks": list(asks)}
    )
