"""The trace of a real agent on a real member: the specification allows it, and allows none of its mutations.

One run serves all tests: two positions are opened, one is cut, the account's lease runs out, everything is flattened.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from running import RunningAgent
from scripted import SECOND, Quote, Script

from dolphin.assurance.trace.read import read_trace
from dolphin.assurance.trace.verdict import judge
from dolphin.cli import main
from dolphin.cluster.client import open_client
from dolphin.core.audit.trace import Admitted, Believed, Epoch, Filled, Intent, LeaseEnd, PostureSeen, TraceEvent, TraceShut
from dolphin.core.control.posture import Posture
from dolphin.host.member import MemberProcess

ACCOUNT = "trace-of-a-run"
RUN_ID = "traced"

pytestmark = pytest.mark.integration

Mutation = Callable[[list[TraceEvent]], tuple[list[TraceEvent], int]]
"""A changed trace, and the number of the event at which it departs from the specification."""


@pytest.fixture(scope="module")
def home(member: MemberProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the run, which has ended."""
    home = tmp_path_factory.mktemp("traced")
    asyncio.run(trade(member, home / "runs"))
    return home


@pytest.fixture
def trace(home: Path) -> list[TraceEvent]:
    return read_trace(home / "runs" / RUN_ID / "trace.ndjson")


async def trade(member: MemberProcess, runs: Path) -> None:
    """The run."""
    quotes = {"AUSDT": Quote(99.9, 100.1, 5_000.0), "BUSDT": Quote(9.99, 10.01, 50_000.0)}
    client = await open_client(member.address, member.cluster_name)
    script = Script(client, quotes, ACCOUNT)
    try:
        async with RunningAgent(member, runs, account=ACCOUNT, assets="AUSDT,BUSDT", run_id=RUN_ID) as agent:
            await script.market()
            await agent.until(lambda line: line["type"] == "equity")
            await script.entitle()
            await script.rank("AUSDT", "BUSDT")
            await agent.until(lambda line: line["type"] == "ranking")
            await script.market()
            for asset in quotes:
                await agent.until(lambda line, asset=asset: line["type"] == "fill" and line["asset"] == asset)
            async with script.alive():
                await script.lever("AUSDT", cap_ppm=450_000)
                await agent.until(lambda line: line["type"] == "fill" and line["side"] == "SELL")
                await script.lever("", Posture.APEX, lease_ns=1 * SECOND)
                await agent.until(lambda line: line["type"] == "lease")
                await agent.until(lambda line: line["type"] == "fill" and line["asset"] == "BUSDT" and line["side"] == "SELL")
            assert await agent.end() == 0
    finally:
        await client.shutdown()


def test_the_specification_allows_what_the_agent_did(trace: list[TraceEvent]) -> None:
    verdict = judge(trace)
    assert verdict.rejection is None, verdict.rejection
    assert verdict.events == len(trace)
    assert verdict.cut is None


def test_the_trace_has_every_kind_of_step_that_the_run_took(trace: list[TraceEvent]) -> None:
    assert isinstance(trace[0], Epoch)
    assert {Believed, Admitted, Intent, Filled, LeaseEnd, PostureSeen, TraceShut} <= {type(event) for event in trace}
    entries = [event for event in trace if isinstance(event, Admitted) and event.terms]
    assert {event.asset for event in entries} == {"AUSDT", "BUSDT"}
    for entry in entries:
        assert {term.key for term in entry.terms} == {ACCOUNT, f"{ACCOUNT}/{entry.asset}"}
        assert all(0 < term.exposure_ppm <= term.cap_ppm == 2_000_000 for term in entry.terms)
        assert entry.notional_micro_usd > 0


def test_every_prefix_of_the_trace_is_accepted_too(trace: list[TraceEvent]) -> None:
    half = trace[: len(trace) // 2]
    assert judge(half).is_accepted


def first(trace: list[TraceEvent], kind: type[TraceEvent]) -> int:
    """The place of the first event of `kind`, counted from 0."""
    return next(place for place, event in enumerate(trace) if isinstance(event, kind))


def first_entry(trace: list[TraceEvent]) -> int:
    return next(place for place, event in enumerate(trace) if isinstance(event, Admitted) and event.terms)


def changed(trace: list[TraceEvent], place: int, **changes: object) -> list[TraceEvent]:
    return [*trace[:place], replace(trace[place], **changes), *trace[place + 1 :]]


def swapped(trace: list[TraceEvent], place: int) -> list[TraceEvent]:
    return [*trace[:place], trace[place + 1], trace[place], *trace[place + 2 :]]


def a_command_that_an_order_stood_on_is_dropped(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    order = trace[entry]
    assert isinstance(order, Admitted)
    key = order.terms[1].key
    place = next(place for place, event in enumerate(trace) if isinstance(event, Believed) and event.key == key)
    return [*trace[:place], *trace[place + 1 :]], entry


def an_order_leads_above_the_cap(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    order = trace[entry]
    assert isinstance(order, Admitted)
    account, asset = order.terms
    return changed(trace, entry, terms=(account, replace(asset, exposure_ppm=asset.cap_ppm + 1))), entry + 1


def an_order_names_a_cap_that_was_not_granted(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    order = trace[entry]
    assert isinstance(order, Admitted)
    account, asset = order.terms
    return changed(trace, entry, terms=(replace(account, cap_ppm=account.cap_ppm + 1), asset)), entry + 1


def an_order_comes_after_the_lease_has_ended(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry, end = first_entry(trace), first(trace, LeaseEnd)
    late = replace(trace[entry], order_id="late", market_time_ns=trace[end].market_time_ns)
    last = max(place for place, event in enumerate(trace) if isinstance(event, Believed) and event.key == ACCOUNT)
    held = trace[last]
    assert isinstance(held, Believed)
    assert isinstance(late, Admitted)
    late = replace(late, terms=tuple(replace(t, seq=held.seq) if t.key == ACCOUNT else t for t in late.terms if t.key == ACCOUNT))
    return [*trace[: end + 1], late, *trace[end + 1 :]], end + 2


def an_order_comes_when_its_lease_is_over_but_nobody_has_noticed(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    order = trace[entry]
    assert isinstance(order, Admitted)
    place = max(place for place in range(entry) if isinstance(event := trace[place], Believed) and event.key == order.terms[0].key)
    command = trace[place]
    assert isinstance(command, Believed)
    return changed(trace, entry, market_time_ns=command.expires_at_ns), entry + 1


def a_command_steps_back(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    of_the_account = [place for place, event in enumerate(trace) if isinstance(event, Believed) and event.key == ACCOUNT]
    later = trace[of_the_account[1]]
    assert isinstance(later, Believed)
    return changed(trace, of_the_account[1], epoch=later.epoch - 1, seq=later.seq + 100), of_the_account[1] + 1


def an_epoch_is_taken_twice(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    return [*trace[:5], trace[0], *trace[5:]], 6


def an_intent_is_written_before_the_order_is_admitted(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    return swapped(trace, entry), entry + 1


def a_fill_comes_before_the_intent(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    fill, intent = first(trace, Filled), first(trace, Intent)
    return [*trace[:intent], trace[fill], *trace[intent:fill], *trace[fill + 1 :]], intent + 1


def an_intent_is_written_twice(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    intent = first(trace, Intent)
    return [*trace[: intent + 1], trace[intent], *trace[intent + 1 :]], intent + 2


def an_order_is_admitted_twice(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    again = [trace[entry], trace[entry + 1]]
    return [*trace[: entry + 2], *again, *trace[entry + 2 :]], entry + 4


def an_intent_is_missing(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    intent = first(trace, Intent)
    shorter = [*trace[:intent], *trace[intent + 1 :]]
    return shorter, 1 + next(place for place in range(intent, len(shorter)) if isinstance(shorter[place], Admitted | Filled))


def an_order_comes_while_nothing_is_believed(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    entry = first_entry(trace)
    return [*trace[:entry], TraceShut(market_time_ns=trace[entry].market_time_ns, reason="silence"), *trace[entry:]], entry + 2


def a_latched_account_has_a_cap(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    place = first(trace, Believed)
    return changed(trace, place, f1_ppm=0), place + 1


def the_posture_is_milder_than_its_command(trace: list[TraceEvent]) -> tuple[list[TraceEvent], int]:
    place = max(place for place, event in enumerate(trace) if isinstance(event, PostureSeen) and event.posture == "HIBERNATE")
    return changed(trace, place, posture="APEX"), place + 1


MUTATIONS: tuple[Mutation, ...] = (
    a_command_that_an_order_stood_on_is_dropped,
    an_order_leads_above_the_cap,
    an_order_names_a_cap_that_was_not_granted,
    an_order_comes_after_the_lease_has_ended,
    an_order_comes_when_its_lease_is_over_but_nobody_has_noticed,
    a_command_steps_back,
    an_epoch_is_taken_twice,
    an_intent_is_written_before_the_order_is_admitted,
    a_fill_comes_before_the_intent,
    an_intent_is_written_twice,
    an_order_is_admitted_twice,
    an_intent_is_missing,
    an_order_comes_while_nothing_is_believed,
    a_latched_account_has_a_cap,
    the_posture_is_milder_than_its_command,
)


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_a_mutated_trace_is_rejected_at_the_event_that_is_wrong(mutate: Mutation, trace: list[TraceEvent]) -> None:
    mutated, number = mutate(trace)
    rejection = judge(mutated).rejection
    assert rejection is not None
    assert rejection.number == number, rejection


def test_the_command_finds_a_run_by_its_id(home: Path, trace: list[TraceEvent], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "check", RUN_ID, "--home", str(home), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["accepted"], said["events"], said["rejected_at"]) == (True, len(trace), None)


def test_the_command_says_which_event_is_wrong(trace: list[TraceEvent], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mutated, number = an_intent_is_written_twice(trace)
    path = tmp_path / "mutated.ndjson"
    path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in mutated))
    assert main(["trace", "check", str(path)]) == 1
    said = capsys.readouterr().out
    assert f"event {number}: " in said
    assert "intent" in said.splitlines()[1]
    assert main(["trace", "show", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(mutated)
