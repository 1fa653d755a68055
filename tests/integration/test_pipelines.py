"""Whole pipelines with Python stages on a real member: what goes in comes out, once, also across a restart."""

import asyncio
import subprocess
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from hazelcast.asyncio import HazelcastClient
from hazelcast.proxy.base import TopicMessage
from stage_functions import Wide
from test_jobs import hz_cli, listen
from waiting import until, value_of

from dolphin.cluster.jobs import Jobs
from dolphin.cluster.wire import Batch
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.packing import unpack
from dolphin.core.contract.schemas import MARKET
from dolphin.host.member import MemberProcess
from dolphin.pipeline import BATCH_KEY, Pipeline

pytestmark = pytest.mark.integration

COUNT = "stage_functions:Count"
TOTAL = "stage_functions:total"


def market_batch(shard: str, time_ns: int, assets: list[str]) -> Batch:
    columns: dict[str, list[object]] = {name: [None] * len(assets) for name in MARKET.names}
    columns |= {"asset": list(assets), "kind": [int(Kind.BOOK)] * len(assets), "market_time_ns": [time_ns] * len(assets)}
    return Batch.of(shard, time_ns, pa.record_batch(columns, schema=MARKET))


async def publish(hazelcast: HazelcastClient, shard: str, batches: dict[int, list[str]]) -> None:
    events = await hazelcast.get_map("MARKET_EVENTS")
    for time_ns, assets in batches.items():
        await events.set(shard, market_batch(shard, time_ns, assets))


async def finished(hazelcast: HazelcastClient, job: str, time_ns: int) -> None:
    progress = await hazelcast.get_map("DOLPHIN_PROGRESS")

    async def is_reached() -> bool:
        return await progress.get(job) == time_ns

    await until(is_reached, f"{job} has finished everything up to {time_ns}")


async def features_of(hazelcast: HazelcastClient, key: str) -> dict[str, object]:
    return unpack(await value_of(hazelcast, "DOLPHIN_FEATURES", key))


async def test_what_two_stages_give_is_written_when_progress_says_so(hazelcast: HazelcastClient) -> None:
    pipeline = Pipeline("two-stages")
    counts = pipeline.read_journal("MARKET_EVENTS", start="newest").python("counts", COUNT, keyed_by=BATCH_KEY)
    counts.to_map("DOLPHIN_FEATURES", key="two/{asset}")
    counts.to_topic("market.{key}")
    totals = counts.python("totals", TOTAL)
    totals.to_map("DOLPHIN_FEATURES", key="two/ALL", last_row_only=True, columns=["n"])
    totals.to_map_as_batch("ARS_RANKING", key="universe")
    await Jobs(hazelcast).submit(pipeline)
    heard = await listen(hazelcast, "market.two")

    await publish(hazelcast, "two", {100: ["A", "B"], 200: ["A"], 300: ["A", "B", "B"]})
    await finished(hazelcast, "two-stages", 300)

    assert await features_of(hazelcast, "two/A") == {"asset": "A", "n": 3}
    assert await features_of(hazelcast, "two/B") == {"asset": "B", "n": 3}
    assert await features_of(hazelcast, "two/ALL") == {"n": 6}
    ranking = await (await hazelcast.get_map("ARS_RANKING")).get("universe")
    assert ranking is not None
    assert (ranking.time_ns, ranking.records().to_pylist()) == (300, [{"asset": "all", "n": 6}])

    async def are_three() -> bool:
        return len(heard) == 3

    await until(are_three, "three messages")
    assert [(batch.key, batch.time_ns, batch.records().to_pylist()) for batch in heard] == [
        ("two", 100, [{"asset": "A", "n": 1}, {"asset": "B", "n": 1}]),
        ("two", 200, [{"asset": "A", "n": 2}]),
        ("two", 300, [{"asset": "A", "n": 3}, {"asset": "B", "n": 3}]),
    ]


async def test_a_message_leaves_before_the_entries_of_a_map_and_only_once_if_the_worker_dies_in_between(
    hazelcast: HazelcastClient, member: MemberProcess
) -> None:
    pipeline = Pipeline("wide")
    wide = pipeline.read_journal("MARKET_EVENTS", start="newest").python("wide", "stage_functions:Wide", keyed_by=BATCH_KEY)
    wide.to_map("DOLPHIN_FEATURES", key="wide/{row}")
    wide.to_topic("market.{key}")
    await Jobs(hazelcast).submit(pipeline)
    heard = await listen(hazelcast, "market.wide")
    entries = await hazelcast.get_map("DOLPHIN_FEATURES")

    await publish(hazelcast, "wide", {1: ["A"], 2: ["A"]})
    while not heard:  # noqa: ASYNC110 - callbacks fill a list
        await asyncio.sleep(0)
    assert not await entries.contains_key("wide/0")
    for process in psutil.Process(member.pid).children(recursive=True):
        process.kill()
    await finished(hazelcast, "wide", 2)

    assert [batch.time_ns for batch in heard] == [1, 2]
    assert [set(batch.records()["batches"].to_pylist()) for batch in heard] == [{1}, {2}]
    assert {(await features_of(hazelcast, f"wide/{row}"))["batches"] for row in range(Wide.ROWS)} == {2}


async def test_state_survives_suspension_and_restart(hazelcast: HazelcastClient) -> None:
    pipeline = Pipeline("stateful")
    pipeline.read_journal("MARKET_EVENTS", start="newest").python("counts", COUNT, keyed_by=BATCH_KEY).to_map(
        "DOLPHIN_FEATURES", key="stateful/{asset}"
    )
    jobs = Jobs(hazelcast)
    await jobs.submit(pipeline)
    await publish(hazelcast, "stateful", {1: ["A"], 2: ["A", "A"]})
    await finished(hazelcast, "stateful", 2)

    await jobs.act("suspend", "stateful")
    await publish(hazelcast, "stateful", {3: ["A"]})
    await jobs.act("resume", "stateful")
    await finished(hazelcast, "stateful", 3)
    await jobs.act("restart", "stateful")
    await publish(hazelcast, "stateful", {4: ["A"]})
    await finished(hazelcast, "stateful", 4)

    assert await features_of(hazelcast, "stateful/A") == {"asset": "A", "n": 5}


async def test_a_stage_keyed_by_a_column_counts_each_key_once(hazelcast: HazelcastClient) -> None:
    pipeline = Pipeline("split")
    first = pipeline.read_journal("MARKET_EVENTS", start="newest").python("counts", COUNT, keyed_by=BATCH_KEY)
    first.python("by-asset", COUNT, keyed_by="asset", parallelism=2).to_map("DOLPHIN_FEATURES", key="split/{asset}")
    await Jobs(hazelcast).submit(pipeline)
    assets = [f"A{number}" for number in range(40)]

    await publish(hazelcast, "split", {time_ns: assets[: time_ns + 1] for time_ns in range(1, 40)})
    await finished(hazelcast, "split", 39)

    counts = {asset: (await features_of(hazelcast, f"split/{asset}"))["n"] for asset in assets}
    assert counts == {f"A{number}": 40 - max(number, 1) for number in range(40)}


async def test_a_function_that_raises_suspends_its_job_with_the_traceback_and_no_other(hazelcast: HazelcastClient) -> None:
    broken = Pipeline("broken")
    broken.read_journal("MARKET_EVENTS", start="newest").python("bad", "stage_functions:broken", max_failures=1).log()
    healthy = Pipeline("healthy")
    healthy.read_journal("MARKET_EVENTS", start="newest").python("good", COUNT).to_topic("ranking")
    jobs = Jobs(hazelcast)
    await jobs.submit(broken)
    await jobs.submit(healthy)

    await publish(hazelcast, "broken", {1: ["A", "B"]})
    await finished(hazelcast, "healthy", 1)

    async def is_suspended() -> bool:
        state = await jobs.show("broken")
        return state["status"] == "suspended" and "failure" in state

    await until(is_suspended, "the job with the broken function is suspended, and says why")
    failure = (await jobs.show("broken"))["failure"]
    assert "ValueError: cannot count 2 rows" in failure
    assert "stage_functions.py" in failure
    assert (await jobs.show("healthy"))["status"] == "running"


async def test_only_accepted_signals_are_published_in_their_order(hazelcast: HazelcastClient) -> None:
    pipeline = Pipeline("cuts")
    cuts = pipeline.read_journal("MARKET_EVENTS", start="newest").python("cuts", "stage_functions:manual_cuts")
    cuts.apply("leverage", map_name="LEVERAGE", key="{key}", payload="value").to_topic("leverage-changes")
    await Jobs(hazelcast).submit(pipeline)
    heard: list[dict[str, object]] = []

    def hear(message: TopicMessage) -> None:
        command = unpack(message.message)
        if command["account"] == "cuts":
            heard.append(command)

    await (await hazelcast.get_reliable_topic("leverage-changes")).add_listener(hear)

    await publish(hazelcast, "cuts", {20: ["A", "B"]})
    await publish(hazelcast, "cuts", {10: ["A"]})  # an old sequence number
    await publish(hazelcast, "cuts", {30: ["B", "A"]})
    await finished(hazelcast, "cuts", 30)

    async def are_four() -> bool:
        return len(heard) >= 4

    await until(are_four, "four commands")
    assert [(command["asset"], command["seq"], command["cap_ppm"]) for command in heard] == [
        ("A", 1, 0),
        ("B", 1, 0),
        ("B", 2, 0),
        ("A", 2, 0),
    ]


async def test_hz_cli_submits_a_pipeline_by_name(hazelcast: HazelcastClient, member: MemberProcess, jar: Path) -> None:
    done: subprocess.CompletedProcess[str] = await asyncio.to_thread(hz_cli, member, jar, "ars")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Job ars is running" in done.stdout
    assert "didn't submit" not in done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr
    there = [state for state in await Jobs(hazelcast).list() if state["status"] == "running"]
    assert [state["name"] for state in there] == ["ars"], "and no other beside it"


async def test_a_worker_shows_whose_it_is_among_the_processes(hazelcast: HazelcastClient, member: MemberProcess) -> None:
    pipeline = Pipeline("shown")
    pipeline.read_journal("MARKET_EVENTS", start="newest").python("counts", COUNT).log()
    await Jobs(hazelcast).submit(pipeline)
    title = f"shown/counts@{member.address}"

    async def are_seen() -> bool:
        seen = [process for process in psutil.process_iter(["cmdline", "name"]) if (process.info["cmdline"] or [""])[-1] == title]
        return len(seen) == 2 and title[:15] in {process.info["name"] for process in seen}

    await until(are_seen, "a guardian and its worker with job, stage and member in the command line")
