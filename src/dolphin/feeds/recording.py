"""Recordings of exchange frames: found, checked up front, and read as one stream in order of receive time.

Two formats are read. *Lines*: `<receive time> <frame>`, plain or gzip, where the receive time is nanoseconds (19 digits) or microseconds
(16), and a REST depth answer stands among the frames (it names no symbol, so such a file holds one symbol). *cryptofeed*: a folder with
`*.ws.*` files of `<receive seconds>: <frame>` and `*.http.*` files of `<url> -> <seconds>: <body>`. Only USD-M futures: the order books
of other markets follow other rules. A file of another market is refused where it is named, and left out where it only lies in a named
folder.

`inspect` reads everything once (170 thousand frames in about a second), so that a recording that is cut short is refused before anything
is started.
"""

import gzip
import heapq
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Final

import msgspec

from dolphin.core.market.binance.frames import SNAPSHOT_STREAM, STREAM_NAME, market_of
from dolphin.core.units import SECOND_NS
from dolphin.errors import BadInput
from dolphin.feeds.source import Frame

MAX_GAP_NS: Final = 3_600_000_000_000
"""Longest pause inside a recording (one hour): a longer one means files that do not belong together."""

MAX_FILES: Final = 1_000
"""Files in one recording."""

_LINE: Final = re.compile(rb"^(\d{16}|\d{19}) (\{.*\})\s*$")
_CRYPTOFEED_FRAME: Final = re.compile(rb"^(\d{9,11}(?:\.\d+)?): (\{.*\})\s*$")
_CRYPTOFEED_ANSWER: Final = re.compile(rb"^\S+/fapi/v1/depth\?symbol=([A-Z0-9_]+)\S* -> (\d+(?:\.\d+)?): (\{.*\})\s*$")
_CRYPTOFEED_OTHER: Final = re.compile(rb"^(wss?://\S+ <-> \S+|https?://\S+ -> \d|configuration: |\s*$)")
_MARKET_NAME: Final = {"spot": "Binance spot", "coinm": "Binance COIN-M futures"}
_MARKET_SAMPLE_LINES: Final = 2_000
_TEXT_ERRORS: Final = (OSError, EOFError, zlib.error)


class _NotOurs(BadInput):
    """A file that is no USD-M recording, as opposed to one that is damaged."""


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """What a recording holds."""

    paths: tuple[Path, ...]
    left_out: tuple[Path, ...]
    """Files of a named folder that are not USD-M recordings."""
    symbols: tuple[str, ...]
    streams: tuple[str, ...]
    """Stream types as recorded: `bookTicker`, `depth@0ms`, ..., `depthSnapshot`."""
    frames: int
    first_time_ns: int
    last_time_ns: int
    symbols_without_snapshot: tuple[str, ...]
    """Symbols with depth updates whose order book cannot be built."""

    @property
    def length_ns(self) -> int:
        """From the first to the last frame."""
        return self.last_time_ns - self.first_time_ns


@dataclass(slots=True)
class _Survey:
    frames: int = 0
    first_ns: int = 0
    last_ns: int = 0
    streams: dict[str, set[str]] = field(default_factory=dict)


def inspect(paths: Iterable[str | Path]) -> RecordingInfo:
    """Read the whole recording once and say what is in it. BadInput names the file, what is wrong with it and what to do."""
    files, left_out = find_files(paths)
    surveys = [_survey(path) for path in files]
    found = [(path, survey) for path, survey in zip(files, surveys, strict=True) if survey.frames]
    if not found:
        raise BadInput(
            "there is no market data in it",
            field="recording",
            value=", ".join(map(str, files)),
            remedy="Give a recording that has frames in it.",
        )
    _refuse_distant_files(found)
    symbols: dict[str, set[str]] = {}
    for _, survey in found:
        for symbol, streams in survey.streams.items():
            symbols.setdefault(symbol, set()).update(streams)
    return RecordingInfo(
        paths=tuple(files),
        left_out=tuple(left_out),
        symbols=tuple(sorted(symbols)),
        streams=tuple(sorted(set().union(*symbols.values()))),
        frames=sum(survey.frames for _, survey in found),
        first_time_ns=min(survey.first_ns for _, survey in found),
        last_time_ns=max(survey.last_ns for _, survey in found),
        symbols_without_snapshot=tuple(
            symbol
            for symbol, streams in sorted(symbols.items())
            if SNAPSHOT_STREAM not in streams and any(stream.startswith("depth@") for stream in streams)
        ),
    )


def read(paths: Iterable[str | Path]) -> Iterator[Frame]:
    """The frames of all `paths`, merged by receive time (ties in the order of the files).

    Raises:
        BadInput: as `inspect` would have; from inside the iteration where a file turns out to be damaged.
    """
    files, _ = find_files(paths)
    return heapq.merge(*(_read_file(path) for path in files), key=_receive_ns)


def find_files(paths: Iterable[str | Path]) -> tuple[list[Path], list[Path]]:
    """The recordings that `paths` (files, folders, glob patterns) name, in a fixed order and each once; and what folders hold besides.

    Raises:
        BadInput: one of `paths` names nothing that can be read.
    """
    files: dict[Path, None] = {}
    left_out: dict[Path, None] = {}
    for given in paths:
        for path in _expand(given, left_out):
            files[path] = None
    if not files:
        raise BadInput("no recording is named", field="recording", value="", remedy="Name a file, a folder or a pattern.")
    if len(files) > MAX_FILES:
        raise BadInput(f"more than {MAX_FILES} files", field="recording", value=len(files), remedy="Replay them in parts.")
    return list(files), list(left_out)


def _expand(given: str | Path, left_out: dict[Path, None]) -> list[Path]:
    text = str(given)
    path = Path(text)
    if path.is_dir():
        return _recordings_in(path, left_out)
    if path.exists():
        return [path]
    found = sorted(Path(name) for name in glob(text)) if has_magic(text) else []
    if not found:
        raise BadInput("no such recording", field="recording", value=text, remedy="Check the path.")
    return found


def _recordings_in(folder: Path, left_out: dict[Path, None]) -> list[Path]:
    found: list[Path] = []
    for path in sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith(".")):
        try:
            for _, raw in zip(range(_MARKET_SAMPLE_LINES), _read_file(path), strict=False):
                _refuse_other_market(path, raw[1])
            found.append(path)
        except _NotOurs:
            left_out[path] = None
    if not found:
        raise BadInput(
            "there is no USD-M recording in this folder", field="recording", value=str(folder), remedy="Put one into it, or name another."
        )
    return found


def _survey(path: Path) -> _Survey:
    survey = _Survey()
    sample = _MARKET_SAMPLE_LINES
    for receive_ns, raw, _ in _read_file(path):
        if sample:
            sample -= 1
            _refuse_other_market(path, raw)
        survey.first_ns = min(survey.first_ns or receive_ns, receive_ns)
        survey.last_ns = max(survey.last_ns, receive_ns)
        survey.frames += 1
        match = STREAM_NAME.match(raw)
        if match:
            symbol, stream = match.group(1).decode().upper(), (match.group(2) + match.group(3)).decode()
            survey.streams.setdefault(symbol, set()).add(stream)
    return survey


def _refuse_other_market(path: Path, raw: bytes) -> None:
    try:
        market = market_of(msgspec.json.decode(raw))
    except msgspec.DecodeError:
        return  # counted and reported when it is replayed
    if market in _MARKET_NAME:
        raise _NotOurs(
            f"this is a {_MARKET_NAME[market]} recording",
            field="recording",
            value=str(path),
            remedy="DOLPHIN reads Binance USD-M futures only; give a USD-M recording.",
        )


def _refuse_distant_files(found: list[tuple[Path, _Survey]]) -> None:
    ordered = sorted(found, key=lambda item: item[1].first_ns)
    reached_ns = ordered[0][1].last_ns
    for path, survey in ordered[1:]:
        if survey.first_ns - reached_ns > MAX_GAP_NS:
            hours = (survey.first_ns - reached_ns) / 3.6e12
            raise BadInput(
                f"it starts {hours:.1f} hours after the other files end",
                field="recording",
                value=str(path),
                remedy="Replay them one by one.",
            )
        reached_ns = max(reached_ns, survey.last_ns)


def _read_file(path: Path) -> Iterator[Frame]:
    """The frames of one file in its own order. BadInput where it is no recording, or is cut short."""
    good_lines = 0
    parse = None
    try:
        with _open(path) as lines:
            for line in lines:
                if parse is None:
                    parse = _format_of(path, line)
                frame = parse(line)
                if frame is not None and not line.endswith(b"\n") and not _is_json(frame.raw):
                    raise _NotALine
                good_lines += 1
                if frame is not None:
                    yield frame
    except _TEXT_ERRORS as error:
        raise _unreadable(path, good_lines, error) from None
    except _NotALine:
        raise _bad_line(path, good_lines, line) from None  # pyright: ignore[reportPossiblyUnboundVariable]
    if parse is None:
        raise BadInput("the file is empty", field="recording", value=str(path), remedy="Give a recording that has frames in it.")


def _open(path: Path) -> Any:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if is_gzip else path.open("rb")


class _NotALine(Exception):
    """A line that is not one of the format's."""


def _format_of(path: Path, line: bytes) -> Any:
    if _LINE.match(line):
        return _LineParser(path)
    if _CRYPTOFEED_FRAME.match(line) or _CRYPTOFEED_OTHER.match(line):
        return _parse_cryptofeed
    raise _NotOurs(
        "this is not a recording",
        field="recording",
        value=str(path),
        remedy="Lines must read `<receive ns> <frame JSON>` (plain or gzip), or be cryptofeed's raw text.",
    )


class _LineParser:
    """`<receive time> <frame>`. A REST answer belongs to the file's one symbol (before its first frame: to that of its name)."""

    def __init__(self, path: Path) -> None:
        match = re.search(r"([a-z0-9]+(?:usdt|usdc|busd))", path.name.lower())
        self._named = match.group(1).encode() if match else b""
        self._seen: set[bytes] = set()

    def __call__(self, line: bytes) -> Frame | None:
        match = _LINE.match(line)
        if match is None:
            raise _NotALine
        stamp, raw = match.group(1), match.group(2)
        receive_ns = int(stamp) * (1 if len(stamp) == 19 else 1_000)
        if stream := STREAM_NAME.match(raw):
            self._seen.add(stream.group(1))
        elif raw.startswith(b'{"lastUpdateId"'):
            return Frame(receive_ns, snapshot_frame(self._owner(), raw))
        return Frame(receive_ns, raw)

    def _owner(self) -> bytes:
        """The symbol of an answer that names none; nothing where it could be one of several."""
        if not self._seen:
            return self._named
        return next(iter(self._seen)) if len(self._seen) == 1 else b""


def _parse_cryptofeed(line: bytes) -> Frame | None:
    if match := _CRYPTOFEED_FRAME.match(line):
        return Frame(_seconds_to_ns(match.group(1)), match.group(2))
    if match := _CRYPTOFEED_ANSWER.match(line):
        return Frame(_seconds_to_ns(match.group(2)), snapshot_frame(match.group(1).lower(), match.group(3)))
    if _CRYPTOFEED_OTHER.match(line):
        return None
    raise _NotALine


def snapshot_frame(symbol: bytes, body: bytes) -> bytes:
    """The REST depth answer `body` for `symbol` (lower case) as a frame."""
    return b'{"stream":"%s@%s","data":%s}' % (symbol, SNAPSHOT_STREAM.encode(), body)


def _seconds_to_ns(text: bytes) -> int:
    return int(Decimal(text.decode()) * SECOND_NS)


def _receive_ns(frame: Frame) -> int:
    return frame.receive_ns


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _unreadable(path: Path, good_lines: int, error: Exception) -> BadInput:
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return BadInput(
            f"cannot be read ({error.strerror or error})", field="recording", value=str(path), remedy="Check the file and its permissions."
        )
    return _cut_short(path, good_lines, "its compression is cut short or damaged")


def _bad_line(path: Path, good_lines: int, line: bytes) -> BadInput:
    if not line.endswith(b"\n"):
        return _cut_short(path, good_lines, "its last line is cut short")
    return _cut_short(path, good_lines, f"line {good_lines + 1} is not one of a recording")


def _cut_short(path: Path, good_lines: int, what: str) -> BadInput:
    return BadInput(
        f"the recording is damaged: {what}, after {good_lines} good lines",
        field="recording",
        value=str(path),
        remedy=f"Copy it again, or keep its good part: zcat -f FILE | head -n {good_lines} > good.txt",
    )
