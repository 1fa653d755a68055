"""What a process is started with goes through a file unchanged, and a file that cannot be right is refused by field, value and remedy."""

import json
from pathlib import Path

import pytest

from dolphin.config import Live, SyntheticMarket
from dolphin.core.upkeep.passwords import HIDDEN
from dolphin.errors import BadInput
from dolphin.feeds.options import FeedOptions
from dolphin.host.options import options_file, read_options, write_options


def test_options_come_back_as_they_were_written(tmp_path: Path) -> None:
    written = FeedOptions(
        member="127.0.0.1:5701",
        cluster_name="c",
        run_id="r1",
        run_dir=tmp_path / "r1",
        source="recording",
        speed=0.0,
        is_lockstep=True,
        is_loop=True,
        jobs=("ars", "acb"),
        paths=(Path("a"), Path("b/*.gz")),
        synthetic=SyntheticMarket(assets=5, seed=9, minutes=3.0),
        live=Live(symbols=["BTCUSDT"], ws_url="ws://x", rest_url="http://x"),
    )
    path = tmp_path / "not made yet" / "feed.json"
    assert read_options(write_options(written, path), FeedOptions) == written


@pytest.mark.parametrize(
    ("text", "field", "what"),
    [
        (None, "FILE", "cannot be read (No such file or directory)"),
        ("{", "FILE", "not JSON"),
        ("{}", "member", "missing (in feed.json)"),
        ('{"member": "m", "run_id": "r", "run_dir": 3, "source": "live"}', "run_dir", "(in feed.json)"),
        ('{"member": "m", "run_id": "r", "run_dir": "d", "source": "tape"}', "source", "Invalid enum value 'tape' (in feed.json)"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(text: str | None, field: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_options(path, FeedOptions)
    assert caught.value.field == field
    assert what in caught.value.what
    assert "FeedOptions" in caught.value.remedy


@pytest.mark.parametrize(
    ("more", "field"),
    [({"member": "u:hunter2@h:5701"}, "member"), ({"live": {"rest_url": "https://h/?apikey=hunter2"}}, "live.rest_url")],
)
def test_an_address_with_a_password_is_refused_and_not_shown_and_a_folder_that_looks_like_one_is_taken(
    more: dict[str, object], field: str, tmp_path: Path
) -> None:
    path = tmp_path / "feed.json"
    options = {"member": "h:5701", "run_id": "r", "run_dir": "/home/me:you@there/r", "source": "live"}
    path.write_text(json.dumps(options | more))
    with pytest.raises(BadInput) as caught:
        read_options(path, FeedOptions)
    assert (caught.value.field, caught.value.value) == (field, HIDDEN)
    path.write_text(json.dumps(options))
    assert read_options(path, FeedOptions).run_dir == Path("/home/me:you@there/r")


@pytest.mark.parametrize("arguments", [[], ["a", "b"]])
def test_a_worker_takes_exactly_one_file(arguments: list[str]) -> None:
    with pytest.raises(BadInput, match=r"python -m dolphin.feeds.worker FILE"):
        options_file(arguments, "dolphin.feeds.worker")
    assert options_file(["a"], "dolphin.feeds.worker") == Path("a")
