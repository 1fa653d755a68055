"""Signals and records are msgpack, one way."""

import pytest

from dolphin.core.contract.packing import pack, unpack


def test_what_was_packed_is_unpacked_from_any_bytes() -> None:
    value = {"cap_ppm": 6_000_000, "reasons": ["x"], "nothing": None, "raw": b"\x00", "is_clear": True}
    assert unpack(pack(value)) == unpack(bytearray(pack(value))) == value


def test_a_key_that_is_no_text_is_refused_as_the_member_refuses_it() -> None:
    with pytest.raises(ValueError, match="int"):
        unpack(pack({1: 2}))
