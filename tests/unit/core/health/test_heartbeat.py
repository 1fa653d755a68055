"""A heartbeat proves what it says; anything else in its place proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.health.heartbeat import MAX_DETAIL, Heartbeat, decode, encode, of_parts

BEAT = Heartbeat(7, 9, 8)
TIMES = st.integers(0, 2**63 - 1)


@given(TIMES, TIMES, TIMES, st.booleans(), st.text(max_size=MAX_DETAIL))
def test_what_is_written_is_read(market: int, wall: int, moved: int, is_nominal: bool, detail: str) -> None:
    beat = Heartbeat(market, wall, moved, is_nominal, detail)
    assert decode(bytearray(encode(beat))) == beat


def test_a_sensor_that_is_not_nominal_multiplies_by_nothing() -> None:
    assert unpack(encode(BEAT))["multiplier"] == 1_000_000
    assert unpack(encode(BEAT._replace(is_nominal=False)))["multiplier"] == 0


@pytest.mark.parametrize("value", [None, 7, "text", b"", b"\xc1", b"\x93\x01\x02\x03", pack([]), pack({}), pack({b"value": 1})])
def test_what_is_no_heartbeat_proves_nothing(value: object) -> None:
    assert decode(value) is None


@pytest.mark.parametrize("name", ["value", "updated_at", "moved_at"])
@pytest.mark.parametrize("wrong", [None, -1, 1.5, True, "1", float("nan")])
def test_a_time_that_is_none_proves_nothing(name: str, wrong: object) -> None:
    assert decode(pack(unpack(encode(BEAT)) | {name: wrong})) is None


@pytest.mark.parametrize("wrong", [None, 1, "yes"])
def test_only_true_is_nominal(wrong: object) -> None:
    beat = decode(pack(unpack(encode(BEAT)) | {"nominal": wrong}))
    assert beat is not None
    assert not beat.is_nominal


@given(TIMES, TIMES)
def test_market_time_never_steps_back_and_it_has_moved_only_when_it_grew(market: int, wall: int) -> None:
    after = BEAT.next(market, wall)
    assert after.market_time_ns == max(market, BEAT.market_time_ns)
    assert after.moved_wall_ns == (wall if market > BEAT.market_time_ns else BEAT.moved_wall_ns)
    assert after.wall_ns == wall


def test_a_long_detail_is_cut() -> None:
    assert BEAT.next(1, 1, detail="x" * 1_000).detail == "x" * MAX_DETAIL


def test_of_several_members_the_newest_counts() -> None:
    old, new = encode(BEAT), encode(BEAT._replace(wall_ns=10))
    assert of_parts({"member/a:1": new, "member/b:2": old, "agent": old, "junk": b"?"}) == {
        "member": BEAT._replace(wall_ns=10),
        "agent": BEAT,
    }


def test_it_is_the_record_that_java_writes() -> None:
    """The same bytes are in `jet/src/test/java/dolphin/jet/health/HeartbeatTest.java`."""
    assert encode(Heartbeat(5, 9_000_000_000, 8_000_000_000)).hex() == (
        "86a576616c756505aa757064617465645f6174cf0000000218711a00a86d6f7665645f6174cf00000001dcd65000"
        "a76e6f6d696e616cc3aa6d756c7469706c696572ce000f4240a664657461696ca0"
    )
