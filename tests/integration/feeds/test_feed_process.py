"""The feed process on a real member: what it publishes, how it ends, and what it says when it cannot go on."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import frame_texts as texts
import msgspec
import pytest
from hazelcast.asyncio import HazelcastClient
from waiting import until

from dolphin.cluster.wire import Batch
from dolphin.config import SyntheticMarket
from dolphin.core.contract.batch import BatchInfo, info_of
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from dolphin.core.control.params import LAW_HASH
from dolphin.feeds.options import FeedOptions
from dolphin.feeds.publisher import FAST_WINDOW
from dolphin.host.member import MemberProcess
from dolphin.host.options import write_options

pytestmark = pytest.mark.integration

START = 1_700_000_000_000_000_000
STEP_NS = 20_000_000


def recording(folder: Path, frames: int = 200, first_ns: int = START) -> Path:
    path = folder / "recording"
    lines = [b"%d %s\n" % (first_ns + n * STEP_NS, texts.trade(trade_id=n + 1)) for n in range(frames)]
    path.write_bytes(b"".join(lines))
    return path


async def run(member: MemberProcess, run_dir: Path, **asked: Any) -> tuple[int | None, str]:
    process = await start(member, run_dir, **asked)
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def start(member: MemberProcess, run_dir: Path, **asked: Any) -> asyncio.subprocess.Process:
    """A feed that plays the recordings at `paths`, or else the synthetic market, unless it is `asked` for something else."""
    asked = {"source": "recording" if "paths" in asked else "synthetic"} | asked
    asked = {"run_id": "r1"} | asked
    options = FeedOptions(member=member.address, cluster_name=member.cluster_name, run_dir=run_dir, **asked)
    return await start_on(write_options(options, run_dir / "feed.json"))


async def start_on(options: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "dolphin.feeds.worker", str(options), stderr=subprocess.PIPE)


def journal(run_dir: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in (run_dir / "feed.ndjson").read_bytes().splitlines()]


async def hear_batches(hazelcast: HazelcastClient) -> list[Batch]:
    heard: list[Batch] = []
    events = await hazelcast.get_map("MARKET_EVENTS")
    await events.delete("0")

    def hear(event: Any) -> None:
        heard.append(event.value)

    await events.add_entry_listener(include_value=True, key="0", added_func=hear, updated_func=hear)
    return heard


def contents(batches: list[Batch]) -> list[tuple[int, list[dict[str, Any]]]]:
    """Everything published but the wall clock and the run's id."""
    return [(info_of(batch.records()).batch, batch.records().to_pylist()) for batch in batches]


async def test_a_replay_publishes_every_row_in_order_and_ends_well(
    hazelcast: HazelcastClient, member: MemberProcess, tmp_path: Path
) -> None:
    heard = await hear_batches(hazelcast)
    status, said = await run(member, tmp_path, paths=(recording(tmp_path),), speed=0.0)
    assert (status, said) == (0, "")
    summary = journal(tmp_path)[-1]
    await until(lambda: _has(heard, summary["batches"]), "every batch was heard")
    rows = [row for batch in heard for row in batch.records().to_pylist()]
    assert [row["exchange_id"] for row in rows if row["kind"] == Kind.TRADE] == list(range(1, 201))
    assert [info_of(batch.records()).batch for batch in heard] == list(range(1, len(heard) + 1))
    assert rows[-1]["kind"] == Kind.TICK
    assert heard[0].records().schema.remove_metadata().equals(MARKET)
    info = info_of(heard[-1].records())
    assert info == BatchInfo("0", len(heard), rows[-1]["market_time_ns"], info.published_wall_ns, 0, "r1", LAW_HASH)
    assert (summary["type"], summary["ended"], summary["frames"], summary["rows"]) == ("summary", "end", 200, len(rows))
    assert await (await hazelcast.get_map("DOLPHIN_PROGRESS")).get("feed") == info.market_time_ns


async def _has(heard: list[Batch], count: int) -> bool:
    return len(heard) >= count


async def test_two_runs_in_lockstep_publish_the_same(hazelcast: HazelcastClient, member: MemberProcess, tmp_path: Path) -> None:
    """The test plays the job and the agent: it finishes each batch when asked, and nothing is published before."""
    path = recording(tmp_path, frames=60)
    runs = []
    for number in (1, 2):
        heard = await hear_batches(hazelcast)
        progress = await hazelcast.get_map("DOLPHIN_PROGRESS")
        job, folder = f"job{number}", tmp_path / str(number)
        await progress.delete("agent")
        process = await start(member, folder, paths=(path,), speed=0.0, is_lockstep=True, jobs=(job,))
        finished = 0
        while process.returncode is None:
            await asyncio.sleep(0.005)
            assert len(heard) <= finished + 1, "never more than one batch unfinished"
            if len(heard) > finished:
                await progress.set(job, heard[finished].time_ns)
                await progress.set("agent", heard[finished].time_ns)
                finished += 1
        assert process.returncode == 0
        runs.append(contents(heard))
    assert runs[0] == runs[1]
    assert len(runs[0]) > 5


async def test_a_fast_replay_keeps_within_its_window(hazelcast: HazelcastClient, member: MemberProcess, tmp_path: Path) -> None:
    heard = await hear_batches(hazelcast)
    path = recording(tmp_path, frames=1_000)
    process = await start(member, tmp_path, paths=(path,), speed=0.0, jobs=("idle",))
    await until(lambda: _has(heard, FAST_WINDOW), "a window of batches")
    await asyncio.sleep(0.5)
    assert len(heard) == FAST_WINDOW
    await (await hazelcast.get_map("DOLPHIN_PROGRESS")).set("idle", START + 10**12)
    assert await process.wait() == 0
    await until(lambda: _has(heard, journal(tmp_path)[-1]["batches"]), "the rest")


async def test_asked_to_stop_it_publishes_what_it_has_and_ends_well(
    hazelcast: HazelcastClient, member: MemberProcess, tmp_path: Path
) -> None:
    heard = await hear_batches(hazelcast)
    process = await start(member, tmp_path, synthetic=SyntheticMarket(minutes=5.0), is_loop=True)
    await until(lambda: _has(heard, 20), "some batches")
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    summary = journal(tmp_path)[-1]
    assert (summary["type"], summary["ended"], summary["waiting_rows"]) == ("summary", "stopped", 0)
    await until(lambda: _has(heard, summary["batches"]), "all of them")


async def test_a_shard_that_is_being_fed_refuses_another_runs_feed_until_the_first_has_ended_or_died(
    hazelcast: HazelcastClient, member: MemberProcess, tmp_path: Path
) -> None:
    heard = await hear_batches(hazelcast)
    path = recording(tmp_path)
    for number, end in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
        first = await start(member, tmp_path / f"first{number}", run_id="first", synthetic=SyntheticMarket(minutes=5.0), is_loop=True)
        await until(lambda: _has(heard, 5), "the first feed plays")
        status, said = await run(member, tmp_path / f"refused{number}", run_id="second", paths=(path,), speed=0.0)
        assert status == 3
        assert "this shard is being fed by run first (synthetic, since" in said
        assert said.count("\n") == 1
        assert journal(tmp_path / f"refused{number}")[-1]["batches"] == 0
        assert first.returncode is None, "the first feed has not noticed"
        first.send_signal(end)
        await first.wait()
        heard.clear()
    feeds = await hazelcast.get_map("DOLPHIN_FEEDS")
    await until(lambda: _is_free(feeds), "the claim of the killed feed runs out")
    status, said = await run(member, tmp_path / "second", run_id="second", paths=(path,), speed=0.0)
    assert (status, said) == (0, "")
    assert await feeds.get("0") is None, "a feed that ends lets go"


async def _is_free(feeds: Any) -> bool:
    return await feeds.get("0") is None


async def test_a_damaged_recording_and_a_missing_member_are_one_line_and_a_status(member: MemberProcess, tmp_path: Path) -> None:
    status, said = await run(member, tmp_path, paths=(tmp_path / "absent",))
    assert status == 2
    assert "no such recording" in said
    assert said.count("\n") == 1
    path = recording(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    status, said = await run(member, tmp_path, paths=(path,), speed=0.0)
    assert status == 2
    assert "after 199 good lines" in said
    summary = journal(tmp_path)[-1]
    assert (summary["ended"], summary["frames"]) == ("failed", 199), "what was good was played"
    assert "damaged" in summary["error"]


async def test_a_member_that_is_not_there_is_one_line_and_a_status(tmp_path: Path) -> None:
    options = FeedOptions(member="127.0.0.1:9", run_id="r1", run_dir=tmp_path, source="recording", paths=(recording(tmp_path),))
    process = await start_on(write_options(options, tmp_path / "feed.json"))
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"no member of cluster" in said
    assert said.count(b"\n") == 1


async def test_options_that_cannot_be_right_are_one_line_and_a_status(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_text('{"speed": -1}')
    process = await start_on(path)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.startswith(b"feed: ")
    assert said.count(b"\n") == 1


async def test_when_the_member_dies_the_feed_says_so_and_ends_with_one_line(jar: Path, tmp_path: Path) -> None:
    with MemberProcess.start(jar=jar, log=tmp_path / "member.log", cluster_name="dying") as dying:
        process = await start(dying, tmp_path, synthetic=SyntheticMarket(minutes=5.0))

        async def plays() -> bool:
            return (tmp_path / "feed.ndjson").exists() and any(line["batches"] for line in journal(tmp_path))

        await until(plays, "the feed plays")
        dying.kill()
        _, said = await process.communicate()
    assert process.returncode == 1
    assert b"the cluster has not taken a write" in said
    *outages, last = said.splitlines()
    assert last.startswith(b"feed: the cluster has not taken a write")
    assert all(b"Z feed: the cluster is lost" in line for line in outages), said
    assert len(outages) <= 1
    assert journal(tmp_path)[-1]["ended"] == "failed"
