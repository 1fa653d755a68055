"""A pipeline described in Python runs as a Jet job, and its job does what it is told."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hazelcast.asyncio import HazelcastClient
from hazelcast.proxy.base import TopicMessage
from waiting import until

from dolphin.cluster.jobs import Jobs
from dolphin.cluster.wire import Batch
from dolphin.errors import BadInput
from dolphin.host.java import find_java
from dolphin.host.member import MemberProcess
from dolphin.pipeline import Pipeline

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.integration


def relay(name: str = "relay") -> Pipeline:
    """Batches from the journal to the topic of their shard."""
    pipeline = Pipeline(name)
    pipeline.read_journal("MARKET_EVENTS", start="newest").to_topic("market.{key}")
    return pipeline


async def listen(hazelcast: HazelcastClient, topic: str) -> list[Batch]:
    """What is published on `topic` from now on, as it comes."""
    heard: list[Batch] = []

    def hear(message: TopicMessage) -> None:
        heard.append(message.message)

    await (await hazelcast.get_reliable_topic(topic)).add_listener(hear)
    return heard


async def publish(hazelcast: HazelcastClient, shard: str, times: list[int]) -> None:
    events = await hazelcast.get_map("MARKET_EVENTS")
    for time_ns in times:
        await events.set(shard, Batch(shard, time_ns, b"payload"))


async def test_every_batch_arrives_in_order_and_progress_follows(hazelcast: HazelcastClient) -> None:
    await Jobs(hazelcast).submit(relay())
    heard = await listen(hazelcast, "market.a")
    times = list(range(1, 501))
    await publish(hazelcast, "a", times)

    await until(lambda: _reached(hazelcast, "relay", 500), "DOLPHIN_PROGRESS[relay] = 500")
    await until(lambda: _are(heard, 500), "500 messages")
    assert [batch.time_ns for batch in heard] == times
    assert {batch.arrow for batch in heard} == {b"payload"}


async def test_nothing_is_missed_that_is_published_right_after_a_submission(hazelcast: HazelcastClient) -> None:
    jobs = Jobs(hazelcast)
    for time_ns in range(1, 21):
        await jobs.submit(relay())
        await publish(hazelcast, "n", [time_ns])
        await until(lambda time_ns=time_ns: _reached(hazelcast, "relay", time_ns), f"progress {time_ns}")
        await jobs.act("cancel", "relay")


async def test_progress_is_what_all_shards_have_passed(hazelcast: HazelcastClient) -> None:
    await Jobs(hazelcast).submit(relay())
    await publish(hazelcast, "a", [10])
    await until(lambda: _reached(hazelcast, "relay", 10), "progress 10")
    await publish(hazelcast, "b", [15])
    await publish(hazelcast, "a", [20])
    await until(lambda: _reached(hazelcast, "relay", 15), "progress 15, where shard b is")


async def test_a_suspended_job_goes_on_where_it_stopped(hazelcast: HazelcastClient) -> None:
    jobs = Jobs(hazelcast)
    await jobs.submit(relay())
    heard = await listen(hazelcast, "market.s")
    await publish(hazelcast, "s", [1, 2])
    await until(lambda: _are(heard, 2), "two messages")

    assert (await jobs.act("suspend", "relay"))["status"] == "suspended"
    await publish(hazelcast, "s", [3, 4])
    assert (await jobs.act("resume", "relay"))["status"] == "running"
    await until(lambda: _are(heard, 4), "the messages of the time it was suspended")
    assert (await jobs.act("restart", "relay"))["status"] == "running"
    await publish(hazelcast, "s", [5])
    await until(lambda: _are(heard, 5), "the message after the restart")

    assert [batch.time_ns for batch in heard] == [1, 2, 3, 4, 5]


async def test_show_tells_what_each_vertex_did(hazelcast: HazelcastClient) -> None:
    jobs = Jobs(hazelcast)
    await jobs.submit(relay())
    await publish(hazelcast, "m", [1, 2, 3])

    async def is_counted() -> bool:
        vertices = (await jobs.show("relay"))["vertices"]
        return vertices.get("MARKET_EVENTS to market.{key}", {}).get("receivedCount") == 3

    await until(is_counted, "three batches in the metrics of the sink")
    assert (await jobs.show("relay"))["vertices"]["MARKET_EVENTS"]["lostItems"] == 0


async def test_a_name_that_runs_already_is_refused(hazelcast: HazelcastClient) -> None:
    jobs = Jobs(hazelcast)
    first = await jobs.submit(relay())
    with pytest.raises(BadInput, match="a job named 'relay' is there already"):
        await jobs.submit(relay())
    assert [state["id"] for state in await jobs.list() if state["status"] == "running"] == [first["id"]]


async def test_a_cancelled_name_may_be_submitted_again(hazelcast: HazelcastClient) -> None:
    jobs = Jobs(hazelcast)
    first = await jobs.submit(relay())
    assert (await jobs.act("cancel", "relay"))["status"] == "cancelled"
    second = await jobs.submit(relay())
    assert second["status"] == "running"
    assert second["id"] != first["id"]


async def test_an_unknown_name_is_answered_with_the_names_there_are(hazelcast: HazelcastClient) -> None:
    jobs = Jobs(hazelcast)
    await jobs.submit(relay())
    with pytest.raises(BadInput, match=r"'rely': no such job. The jobs there are: .*relay"):
        await jobs.show("rely")


@pytest.mark.parametrize(("verb", "state"), [("resume", "suspended"), ("suspend", "running"), ("restart", "running")])
async def test_a_verb_that_does_not_fit_the_state_is_refused(hazelcast: HazelcastClient, verb: str, state: str) -> None:
    jobs = Jobs(hazelcast)
    await jobs.submit(relay())
    if verb != "resume":
        await jobs.act("suspend", "relay")
    with pytest.raises(BadInput, match=f"not {state}"):
        await jobs.act(verb, "relay")  # pyright: ignore[reportArgumentType]


async def test_the_member_refuses_a_graph_it_cannot_build(hazelcast: HazelcastClient) -> None:
    class Forged(Pipeline):
        def describe(self) -> dict[str, object]:
            return {"name": "forged", "vertices": [{"name": "x", "kind": "teleport"}]}

    with pytest.raises(BadInput, match="unknown kind 'teleport'"):
        await Jobs(hazelcast).submit(Forged("forged"))


async def dolphin_job(member: MemberProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dolphin", "job", *arguments, "--member", member.address, "--cluster-name", member.cluster_name]
    return await asyncio.to_thread(subprocess.run, command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


async def test_the_command_line_tells_the_same(hazelcast: HazelcastClient, member: MemberProcess) -> None:
    await Jobs(hazelcast).submit(relay())
    listed = await dolphin_job(member, "list", "--json")
    assert [job["status"] for job in json.loads(listed.stdout)["jobs"] if job["name"] == "relay"] == ["running"]
    shown = await dolphin_job(member, "show", "relay")
    assert (shown.returncode, shown.stdout.split(";")[0]) == (0, "relay is running")
    raw = await dolphin_job(member, "show", "relay", "--raw")
    assert raw.returncode == 0
    suspended = await dolphin_job(member, "suspend", "relay")
    assert (suspended.returncode, suspended.stdout.split()[:2]) == (0, ["relay", "suspended"])
    unknown = await dolphin_job(member, "cancel", "rely")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("dolphin: name = 'rely': no such job. The jobs there are:")


def hz_cli(member: MemberProcess, jar: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(find_java()), "-cp", f"{jar}:{jar.parent / 'lib'}/*", "com.hazelcast.client.console.HazelcastCommandLine"]
    command += ["-t", f"{member.cluster_name}@{member.address}", "submit", str(jar), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_hz_cli_names_what_is_packaged(member: MemberProcess, jar: Path) -> None:
    done = await asyncio.to_thread(hz_cli, member, jar, "nope")
    assert done.returncode != 0
    assert "no pipeline 'nope' is packaged in this jar" in done.stdout + done.stderr


async def _reached(hazelcast: HazelcastClient, job: str, time_ns: int) -> bool:
    return await (await hazelcast.get_map("DOLPHIN_PROGRESS")).get(job) == time_ns


async def _are(heard: list[Batch], count: int) -> bool:
    return len(heard) == count
