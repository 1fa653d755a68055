"""One exchange frame in, one typed event out: decoding of Binance USD-M combined-stream JSON.

A frame is `{"stream": NAME, "data": {...}}`; the payload's `e` says what it is. Recordings also hold the REST answer that starts an order
book; inside the system it is a frame of the stream `SYMBOL@depthSnapshot`. Every number is checked while it is decoded (finite, in range,
fits an Arrow int64), so nothing downstream has to: what does not fit is a `BadFrame` that names the field, never an exception, and never
a partial event. Frames of streams that DOLPHIN does not use are `Ignored`.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

SNAPSHOT_STREAM: Final = "depthSnapshot"
"""Our own stream name for a REST depth answer among the frames: `btcusdt@depthSnapshot`."""

STREAM_NAME: Final = re.compile(rb'^\{\s*"stream"\s*:\s*"([^"@]+)@([^"@]+)([^"]*)"')
"""Finds symbol, stream type and update speed (`@100ms`, or nothing) in a frame without decoding it."""

type Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
type TimeMs = Annotated[int, msgspec.Meta(ge=0, le=(2**63 - 1) // 1_000_000)]
type Price = Annotated[float, msgspec.Meta(gt=0.0, lt=1e15)]
type Quantity = Annotated[float, msgspec.Meta(ge=0.0, lt=1e15)]
type Rate = Annotated[float, msgspec.Meta(gt=-1.0, lt=1.0)]
type Symbol = Annotated[str, msgspec.Meta(pattern="^[^a-z@#\\s]{1,32}$")]
type Level = tuple[Price, Quantity]


class BookTicker(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="bookTicker"):
    """Best bid and ask."""

    symbol: Symbol = msgspec.field(name="s")
    update_id: Id = msgspec.field(name="u")
    bid_price: Price = msgspec.field(name="b")
    bid_qty: Quantity = msgspec.field(name="B")
    ask_price: Price = msgspec.field(name="a")
    ask_qty: Quantity = msgspec.field(name="A")
    event_time_ms: TimeMs = msgspec.field(name="E")


class DepthUpdate(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="depthUpdate"):
    """Changed levels of the order book; a quantity is absolute, 0 removes the level."""

    symbol: Symbol = msgspec.field(name="s")
    first_id: Id = msgspec.field(name="U")
    last_id: Id = msgspec.field(name="u")
    previous_id: Id = msgspec.field(name="pu")
    bids: list[Level] = msgspec.field(name="b")
    asks: list[Level] = msgspec.field(name="a")
    event_time_ms: TimeMs = msgspec.field(name="E")


class Trade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="trade"):
    """One trade. `origin` is MARKET for a match in the book; the insurance fund's and ADL trades are at prices off the market."""

    symbol: Symbol = msgspec.field(name="s")
    trade_id: Id = msgspec.field(name="t")
    price: Quantity = msgspec.field(name="p")
    qty: Quantity = msgspec.field(name="q")
    is_maker_buyer: bool = msgspec.field(name="m")
    event_time_ms: TimeMs = msgspec.field(name="E")
    origin: str = msgspec.field(name="X", default="MARKET")


class AggTrade(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="aggTrade"):
    """The fills of one taker order at one price within 100 ms."""

    symbol: Symbol = msgspec.field(name="s")
    trade_id: Id = msgspec.field(name="a")
    price: Price = msgspec.field(name="p")
    qty: Quantity = msgspec.field(name="q")
    is_maker_buyer: bool = msgspec.field(name="m")
    event_time_ms: TimeMs = msgspec.field(name="E")


class MarkPrice(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="markPriceUpdate"):
    """Mark price and the funding rate as a fraction of the period."""

    symbol: Symbol = msgspec.field(name="s")
    mark_price: Price = msgspec.field(name="p")
    funding_rate: Rate = msgspec.field(name="r")
    event_time_ms: TimeMs = msgspec.field(name="E")


class LiquidationOrder(msgspec.Struct, frozen=True, gc=False):
    """The order inside a forceOrder frame. SELL closes a long."""

    symbol: Symbol = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    qty: Quantity = msgspec.field(name="q")
    average_price: Price = msgspec.field(name="ap")
    trade_time_ms: TimeMs = msgspec.field(name="T")


class ForceOrder(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="forceOrder"):
    """A liquidation."""

    order: LiquidationOrder = msgspec.field(name="o")
    event_time_ms: TimeMs = msgspec.field(name="E")


class DepthSnapshot(msgspec.Struct, frozen=True, gc=False):
    """A REST depth answer: the whole book (up to the asked limit) at `last_id`."""

    symbol: str
    last_id: int
    bids: list[Level]
    asks: list[Level]
    event_time_ms: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame of a stream that is not used, or an answer to a command."""

    stream: str


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A frame that cannot be used: what is wrong with which field."""

    reason: str
    field: str
    value: str


type Json = dict[str, Json] | list[Json] | str | int | float | None
"""What a frame is before it is known to be an event."""

type FrameEvent = BookTicker | DepthUpdate | Trade | AggTrade | MarkPrice | ForceOrder | DepthSnapshot | Ignored | BadFrame


class _Combined(msgspec.Struct, frozen=True, gc=False):
    data: BookTicker | DepthUpdate | Trade | AggTrade | MarkPrice | ForceOrder


class _RestDepth(msgspec.Struct, frozen=True, gc=False):
    last_id: Id = msgspec.field(name="lastUpdateId")
    bids: list[Level]
    asks: list[Level]
    event_time_ms: TimeMs = msgspec.field(name="E")


_DECODER: Final = msgspec.json.Decoder(_Combined, strict=False)  # the exchange writes decimals as strings
_NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_USED: Final = frozenset({"bookTicker", "depthUpdate", "trade", "aggTrade", "markPriceUpdate", "forceOrder"})
_PATH: Final = re.compile(r"`\$(?:\.data)?\.?([^`]*)`")
_VALUE_CHARS: Final = 40


def decode(raw: bytes | str) -> FrameEvent:
    """The event in one combined-stream frame. Total: whatever the bytes are, an event comes back."""
    try:
        return _DECODER.decode(raw).data
    except msgspec.ValidationError as error:
        return _decode_other(raw, error)
    except _NOT_JSON:
        return BadFrame("not JSON", "frame", _shortened(raw))


def _decode_other(raw: bytes | str, error: msgspec.ValidationError) -> FrameEvent:
    """What a frame is that is not one of the six payloads: a snapshot, a stream we do not use, an answer, or a fault."""
    try:
        frame: Json = msgspec.json.decode(raw)
    except _NOT_JSON:  # the typed decoder gave up before it came to this
        return BadFrame("not JSON", "frame", _shortened(raw))
    if not isinstance(frame, dict):
        return BadFrame("not an object", "frame", _shortened(raw))
    if "data" not in frame:
        return Ignored("answer") if "id" in frame else BadFrame("no payload", "data", _shortened(raw))
    data, stream = frame["data"], str(frame.get("stream", ""))
    if stream.endswith(f"@{SNAPSHOT_STREAM}"):
        return decode_snapshot(stream.partition("@")[0].upper(), data)
    if isinstance(data, dict) and isinstance(kind := data.get("e"), str) and kind not in _USED:
        return Ignored(kind)
    return _fault(error, data)


def decode_snapshot(symbol: str, body: Json) -> DepthSnapshot | BadFrame:
    """The REST depth answer `body` (parsed JSON) for `symbol`."""
    if not symbol:
        return BadFrame("an order book of no symbol", "stream", "")
    try:
        rest = msgspec.convert(body, _RestDepth, strict=False)
    except msgspec.ValidationError as error:
        return _fault(error, body)
    return DepthSnapshot(symbol, rest.last_id, rest.bids, rest.asks, rest.event_time_ms)


def _fault(error: msgspec.ValidationError, data: Json) -> BadFrame:
    """`error` as a BadFrame: msgspec's text ends in the path of the field it objects to."""
    text = str(error)
    match = _PATH.search(text)
    path = match.group(1) if match else ""
    missing = re.search(r"required field `(\w+)`", text)
    field = f"{path}.{missing.group(1)}".lstrip(".") if missing else path or "data"
    return BadFrame(text.split(" - at ")[0], field, "missing" if missing else _shortened(_value_at(data, path)))


def _value_at(data: Json, path: str) -> Json:
    for step in re.findall(r"\w+", path):
        try:
            if isinstance(data, list):
                data = data[int(step)]
            elif isinstance(data, dict):
                data = data[step]
        except (KeyError, IndexError, ValueError):
            return data
    return data


def _shortened(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"


def market_of(frame: Json) -> str | None:
    """Which Binance market a parsed frame comes from: "usdm", "spot", "coinm", or None where it does not tell.

    Spot payloads have no `pu` in a depth update, no `e` in a bookTicker and an `M` in a trade; COIN-M ones name their pair (`ps`).
    """
    data = frame.get("data") if isinstance(frame, dict) else None
    if not isinstance(data, dict):
        return "coinm" if isinstance(frame, dict) and "pair" in frame else None
    if "ps" in data or "pair" in data:
        return "coinm"
    kind = data.get("e")
    if kind is None:
        return "spot" if {"u", "b", "a"} <= data.keys() else None
    if kind == "depthUpdate":
        return "usdm" if "pu" in data else "spot"
    if kind in ("trade", "aggTrade"):
        return "spot" if "M" in data else "usdm"
    return "usdm" if kind in _USED else None
