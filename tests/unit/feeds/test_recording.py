"""Recordings are read in order of receive time, and one that cannot be used is refused before anything runs."""

import gzip
from pathlib import Path

import frame_texts as texts
import msgspec
import pytest
from recordings import record

from dolphin.core.market.binance.frames import BadFrame, DepthSnapshot, decode
from dolphin.errors import BadInput
from dolphin.feeds.recording import find_files, inspect, read
from dolphin.feeds.synthetic import generate

START = 1_700_000_000_000_000_000


def line(offset_ns: int, raw: bytes) -> bytes:
    return b"%d %s\n" % (START + offset_ns, raw)


def rest_body(last_id: int) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(texts.snapshot(last_id))["data"])


def write(path: Path, *lines: bytes, compress: bool = False) -> Path:
    data = b"".join(lines)
    path.write_bytes(gzip.compress(data) if compress else data)
    return path


@pytest.mark.parametrize("compress", [False, True])
def test_plain_and_gzip_lines_are_read_alike(tmp_path: Path, *, compress: bool) -> None:
    path = write(tmp_path / "a", line(1, texts.trade()), line(2, texts.book_ticker()), compress=compress)
    assert [(frame.receive_ns, frame.raw) for frame in read([path])] == [
        (START + 1, texts.trade()),
        (START + 2, texts.book_ticker()),
    ]


def test_a_receive_time_in_microseconds_is_understood(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"1680652700423575 " + texts.trade() + b"\n")
    assert [frame.receive_ns for frame in read([path])] == [1_680_652_700_423_575_000]


def test_several_files_are_merged_by_receive_time_and_ties_keep_the_order_given(tmp_path: Path) -> None:
    one = write(tmp_path / "one", line(1, texts.trade(trade_id=1)), line(5, texts.trade(trade_id=2)))
    two = write(tmp_path / "two", line(1, texts.trade(trade_id=3)), line(3, texts.trade(trade_id=4)), compress=True)
    ids = [msgspec.json.decode(frame.raw)["data"]["t"] for frame in read([one, two])]
    assert ids == [1, 3, 4, 2]


def test_a_rest_answer_belongs_to_the_symbol_of_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gz", line(1, texts.trade("ETHUSDT")), line(2, rest_body(77)), compress=True)
    (_, frame) = read([path])
    event = decode(frame.raw)
    assert isinstance(event, DepthSnapshot)
    assert (event.symbol, event.last_id) == ("ETHUSDT", 77)


def test_a_rest_answer_before_the_first_frame_takes_the_symbol_from_the_files_name(tmp_path: Path) -> None:
    path = write(tmp_path / "usdm_ethusdt_20240808", line(1, rest_body(77)), line(2, texts.trade("ETHUSDT")))
    event = decode(next(read([path])).raw)
    assert isinstance(event, DepthSnapshot)
    assert event.symbol == "ETHUSDT"


def test_a_rest_answer_in_a_file_of_several_symbols_belongs_to_none_of_them(tmp_path: Path) -> None:
    path = write(tmp_path / "a", line(1, texts.trade("ETHUSDT")), line(2, texts.trade("BTCUSDT")), line(3, rest_body(77)))
    *_, frame = read([path])
    assert isinstance(decode(frame.raw), BadFrame)


def test_cryptofeed_text_is_read_with_its_rest_answers(tmp_path: Path) -> None:
    write(tmp_path / "X.0", b'https://fapi.binance.com/fapi/v1/exchangeInfo -> 1626992740.17: {"symbols":[]}\n', b"configuration: {}\n")
    answer = b"https://fapi.binance.com/fapi/v1/depth?symbol=SUSHIUSDT&limit=1000 -> 1626992741.301402: " + rest_body(5) + b"\n"
    write(tmp_path / "X.http.0.0", answer, b"\n")
    write(
        tmp_path / "X.ws.1.0",
        b"wss://fstream.binance.com/stream?streams=sushiusdt@depth@100ms <-> 1626992740.179554\n",
        b"1626992741.06217: " + texts.depth(1, 6, 0, symbol="SUSHIUSDT") + b"\n",
    )
    frames = list(read([tmp_path]))
    assert [frame.receive_ns for frame in frames] == [1_626_992_741_062_170_000, 1_626_992_741_301_402_000]
    event = decode(frames[1].raw)
    assert isinstance(event, DepthSnapshot)
    assert event.symbol == "SUSHIUSDT"


def test_inspect_says_what_is_in_it(tmp_path: Path) -> None:
    write(tmp_path / "btcusdt", line(1, texts.trade()), line(9, rest_body(1)), line(11, texts.depth(1, 2, 0)))
    write(tmp_path / "ethusdt", line(4, texts.depth(1, 2, 0, symbol="ETHUSDT")))
    info = inspect([tmp_path / "*usdt"])
    assert info.symbols == ("BTCUSDT", "ETHUSDT")
    assert info.streams == ("depth@100ms", "depthSnapshot", "trade")
    assert (info.frames, info.first_time_ns, info.last_time_ns, info.length_ns) == (4, START + 1, START + 11, 10)
    assert info.symbols_without_snapshot == ("ETHUSDT",)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (texts.frame("btcusdt@bookTicker", {"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}), "spot"),
        (texts.frame("btcusdt@depth@100ms", {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": 1, "u": 2, "b": [], "a": []}), "spot"),
        (texts.trade("BTCUSD_PERP", ps="BTCUSD"), "COIN-M"),
    ],
)
def test_another_market_is_refused_where_it_is_named_and_left_out_of_a_folder(tmp_path: Path, raw: bytes, name: str) -> None:
    other = write(tmp_path / "a_other", line(1, raw))
    with pytest.raises(BadInput, match=f"{name}.*USD-M"):
        inspect([other])
    with pytest.raises(BadInput, match="no USD-M recording in this folder"):
        inspect([tmp_path])
    ours = write(tmp_path / "b_ours", line(1, texts.trade()))
    info = inspect([tmp_path])
    assert (info.paths, info.left_out) == ((ours,), (other,))


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.999])
def test_a_gzip_that_is_cut_short_is_refused_up_front_with_the_good_lines_counted(tmp_path: Path, keep: float) -> None:
    data = gzip.compress(b"".join(line(number, texts.trade(trade_id=number)) for number in range(5_000)), compresslevel=1)
    path = tmp_path / "cut.gz"
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(BadInput, match=r"cut short.*after (\d+) good lines.*head -n \1") as caught:
        inspect([path])
    assert caught.value.exit_code == 2
    assert caught.value.value == str(path)


def test_a_damaged_file_yields_its_good_frames_before_it_fails(tmp_path: Path) -> None:
    path = write(tmp_path / "a", line(1, texts.trade()), line(2, texts.trade()), line(3, texts.trade())[:-30])
    frames = read([path])
    assert [next(frames).receive_ns, next(frames).receive_ns] == [START + 1, START + 2]
    with pytest.raises(BadInput, match="last line is cut short, after 2 good lines"):
        next(frames)


def test_a_last_line_cut_at_an_inner_brace_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a", line(1, texts.trade()), line(2, texts.trade())[:-2])
    with pytest.raises(BadInput, match="cut short"):
        inspect([path])


def test_a_line_of_something_else_in_the_middle_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a", line(1, texts.trade()), b"garbage\n", line(3, texts.trade()))
    with pytest.raises(BadInput, match="line 2 is not one of a recording"):
        inspect([path])


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda folder: folder / "absent", "no such recording"),
        (lambda folder: folder / "*.absent", "no such recording"),
        (lambda folder: write(folder / "empty", b""), "empty"),
        (lambda folder: write(folder / "text.md", b"# A heading\n"), "not a recording"),
        (lambda folder: write(folder / "binary", bytes(range(256))), "not a recording"),
        (lambda folder: write(folder / "false.gz", b"\x1f\x8bnot gzip at all"), "damaged"),
        (lambda folder: folder, "no USD-M recording in this folder"),
    ],
)
def test_what_is_no_recording_is_refused_by_name(tmp_path: Path, make: object, what: str) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    with pytest.raises(BadInput, match=what) as caught:
        inspect([path])
    assert str(path) in str(caught.value)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", line(1, texts.trade()))
    path.chmod(0)
    try:
        path.open("rb").close()
    except PermissionError:
        with pytest.raises(BadInput, match="cannot be read"):
            inspect([path])
    else:
        pytest.skip("this user may read everything")


def test_files_that_are_hours_apart_are_not_one_recording(tmp_path: Path) -> None:
    write(tmp_path / "a", line(1, texts.trade()))
    write(tmp_path / "b", line(7_200_000_000_000, texts.trade()))
    with pytest.raises(BadInput, match=r"2\.0 hours after"):
        inspect([tmp_path])


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a", line(1, texts.trade()))
    assert find_files([path, tmp_path, str(tmp_path / "*")]) == ([path], [])


def test_the_recording_of_our_own_market_is_what_the_generator_makes() -> None:
    """And reads back as the frames that it was made of: the generator cannot change unseen."""
    assert gzip.decompress(record.FILE.read_bytes()) == record.lines(), "run tests/recordings/record.py"
    read_back = list(read([record.FILE]))
    assert [(frame.receive_ns, frame.raw) for frame in read_back] == [(frame.receive_ns, frame.raw) for frame in generate(record.MARKET)]
    info = inspect([record.FILE])
    assert (info.symbols, info.frames, info.symbols_without_snapshot) == (("BTCUSDT", "ETHUSDT"), len(read_back), ())
