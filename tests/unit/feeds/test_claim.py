"""One feed a shard: who has it keeps it, who has died loses it, and who has lost it publishes no more."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest
from fakes import Feeds, claim
from hazelcast.errors import HazelcastError

from dolphin.errors import DolphinError, Refused
from dolphin.feeds.claim import LEASE_S, RENEW_S, Claim


async def run_with_clock(feeds: Feeds, seconds: float) -> None:
    """Moves both clocks, the loop's and the members', together."""
    for _ in range(round(seconds / 0.5)):
        await asyncio.sleep(0.5)
        feeds.now_s += 0.5


async def test_another_runs_feed_is_refused_while_the_first_lives_and_told_who_has_it() -> None:
    feeds = Feeds()
    async with claim(feeds, run_id="first").held():
        await run_with_clock(feeds, 3 * LEASE_S)
        with pytest.raises(Refused, match="being fed by run first") as caught:
            async with claim(feeds, run_id="second").held():
                pass
    assert caught.value.exit_code == 3
    assert "dolphin demo" in caught.value.remedy


async def test_a_feed_that_ends_lets_go_at_once() -> None:
    feeds = Feeds()
    async with claim(feeds, run_id="first").held():
        pass
    async with claim(feeds, run_id="second").held():
        assert len(feeds.entries) == 1


async def test_two_shards_are_fed_by_two_feeds() -> None:
    feeds = Feeds()
    async with claim(feeds, run_id="first").held(), claim(feeds, run_id="second", shard="1").held():
        assert len(feeds.entries) == 2


async def test_a_feed_that_was_killed_lets_go_when_its_lease_is_over() -> None:
    feeds = Feeds()
    await feeds.set("0", '{"run_id":"dead","source":"live","since":"then","pid":1,"token":"t"}', LEASE_S)
    feeds.now_s = LEASE_S - 0.5
    with pytest.raises(Refused, match="dead"):
        async with claim(feeds).held():
            pass
    feeds.now_s = LEASE_S
    async with claim(feeds).held():
        pass


async def test_a_feed_of_the_same_run_takes_over_and_the_one_before_ends() -> None:
    feeds = Feeds()
    with pytest.raises(Refused):
        async with claim(feeds).held(), claim(feeds).held():
            await run_with_clock(feeds, 2 * RENEW_S)


async def test_a_feed_that_stood_still_for_too_long_does_not_publish_where_another_has_begun() -> None:
    feeds = Feeds()
    stopped = claim(feeds, run_id="stopped")
    async with stopped.held(), claim_after_silence(feeds, stopped):
        with pytest.raises(Refused, match="by run other"):
            await stopped.ensure()


def claim_after_silence(feeds: Feeds, stopped: Claim) -> AbstractAsyncContextManager[None]:
    """Another run's claim, after the clocks have gone on and `stopped` has not."""
    feeds.now_s += LEASE_S + 1
    stopped._renewed_at_s -= LEASE_S + 1
    return claim(feeds, run_id="other").held()


async def test_publishing_asks_the_cluster_only_where_the_claim_may_be_old() -> None:
    feeds = Feeds()
    ours = claim(feeds)
    async with ours.held():
        asked = feeds.asked
        for _ in range(100):
            await ours.ensure()
        assert feeds.asked == asked
        ours._renewed_at_s -= LEASE_S
        await ours.ensure()
        assert feeds.asked == asked + 1


async def test_a_member_that_forgot_gets_the_claim_again() -> None:
    feeds = Feeds()
    async with claim(feeds, run_id="first").held():
        feeds.entries.clear()
        await run_with_clock(feeds, 2 * RENEW_S)
        with pytest.raises(Refused, match="first"):
            async with claim(feeds, run_id="second").held():
                pass


async def test_a_member_that_does_not_answer_for_a_while_ends_nothing_by_itself() -> None:
    feeds = Feeds()
    async with claim(feeds).held():
        feeds.trouble = HazelcastError("away")
        await run_with_clock(feeds, LEASE_S)
        feeds.trouble = None


async def test_a_member_that_never_answers_is_said() -> None:
    feeds = Feeds()
    feeds.trouble = HazelcastError("away")
    with pytest.raises(DolphinError, match="has not taken a write"):
        async with claim(feeds).held():
            pass


async def test_a_claim_that_cannot_be_read_is_somebodys() -> None:
    feeds = Feeds()
    await feeds.set("0", "garbage", LEASE_S)
    with pytest.raises(Refused, match="unreadable claim"):
        async with claim(feeds).held():
            pass
