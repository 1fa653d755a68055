"""The leverage command on the wire."""

import zlib

import pytest

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control.command import Command, checksum, decode, encode, next_epoch, survival_signal, to_map
from dolphin.core.control.posture import Posture
from dolphin.errors import BadInput

COMMAND = Command(
    "paper", "", 7, 3, Posture.STALKER, 1_900_000, 800_000, (1, 2, 3, 4, 5), True, ("a", "b, c"), ("X@trade#1",), 10, 2_010, 6_000_000
)


def test_a_command_comes_back_as_it_was_sent() -> None:
    assert decode(encode(COMMAND)) == COMMAND


def test_the_checksum_is_the_crc_of_the_contracts_text() -> None:
    text = "paper||7|3|STALKER|1900000|800000|1,2,3,4,5|1|a,b, c|X@trade#1|10|2010"
    assert checksum(COMMAND) == zlib.crc32(text.encode())
    text = "paper||7|3|STALKER|1900000|800000|1,2,3,4,5|0|a,b, c|x,y|10|2010"
    assert checksum(COMMAND._replace(passive_only=False, cause_ids=("x", "y"))) == zlib.crc32(text.encode())


def test_the_map_of_a_command_has_plain_values_in_the_order_of_the_format() -> None:
    expected = {
        "account": "paper",
        "asset": "",
        "epoch": 7,
        "seq": 3,
        "posture": "STALKER",
        "cap_ppm": 1_900_000,
        "r_total_ppm": 800_000,
        "factors_ppm": [1, 2, 3, 4, 5],
        "passive_only": True,
        "reasons": ["a", "b, c"],
        "cause_ids": ["X@trade#1"],
        "issued_at_ns": 10,
        "expires_at_ns": 2_010,
        "from_cap_ppm": 6_000_000,
        "checksum": checksum(COMMAND),
    }
    assert list(to_map(COMMAND).items()) == list(expected.items())
    assert unpack(survival_signal(COMMAND)) == {"kind": "survival", **expected}


@pytest.mark.parametrize(
    ("epoch", "seq", "now_ns", "found"), [(10, 3, 50, 10), (10, 1, 50, 10), (10, 0, 50, 50), (10, 0, 10, 11), (10, 0, 5, 11)]
)
def test_an_epoch_lasts_until_a_restart_and_the_next_one_is_later_whatever_the_time(epoch: int, seq: int, now_ns: int, found: int) -> None:
    assert next_epoch(epoch, seq, now_ns) == found


def test_zero_is_a_whole_number() -> None:
    nothing = Command("paper", "BTCUSDT", 0, 0, Posture.HIBERNATE, 0, 0, (0,), False, (), (), 0, 0, 0)
    assert decode(encode(nothing)) == nothing


def test_a_factor_that_is_not_a_whole_number_is_named() -> None:
    with pytest.raises(BadInput, match="not a leverage command: factor is not a whole number"):
        decode(pack({**to_map(COMMAND), "factors_ppm": [1, 2, 3, 4, -5]}))


@pytest.mark.parametrize("name", [name for name in Command._fields if name != "from_cap_ppm"])
def test_a_changed_or_missing_field_is_found_out(name: str) -> None:
    fields = unpack(encode(COMMAND))
    for changed in ({**fields, name: fields["seq"] + 1}, {key: value for key, value in fields.items() if key != name}):
        with pytest.raises(BadInput, match="not a leverage command"):
            decode(pack(changed))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"x" * 40, pack([]), pack({}), pack(None)])
def test_bytes_that_are_no_command_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        decode(data)
    assert "\n" not in str(caught.value)
    assert caught.value.field == "leverage command"
    assert caught.value.remedy == "Read LEVERAGE again; until then nothing is granted."


@pytest.mark.parametrize("name", ["epoch", "seq", "cap_ppm", "r_total_ppm", "issued_at_ns", "expires_at_ns", "from_cap_ppm"])
@pytest.mark.parametrize("value", [-1, 1.0, True, "1", None])
def test_a_number_that_is_not_whole_is_named(name: str, value: object) -> None:
    fields = unpack(encode(COMMAND))
    with pytest.raises(BadInput, match=f"not a leverage command: {name} is not a whole number"):
        decode(pack({**fields, name: value}))


def test_a_command_replaces_only_an_older_one() -> None:
    assert COMMAND.is_newer_than(None)
    assert not COMMAND.is_newer_than(COMMAND)
    assert COMMAND._replace(seq=4).is_newer_than(COMMAND)
    assert COMMAND._replace(epoch=8, seq=1).is_newer_than(COMMAND)
    assert not COMMAND._replace(epoch=6, seq=99).is_newer_than(COMMAND)


def test_keys_name_the_account_or_one_of_its_assets() -> None:
    assert COMMAND.key == "paper"
    assert COMMAND._replace(asset="BTCUSDT").key == "paper/BTCUSDT"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xc1", "unreadable (FormatError)"),
        (pack({}), "unreadable (KeyError)"),
        (pack([]), "not a map"),
        (pack({**to_map(COMMAND), "checksum": 0}), "checksum mismatch"),
        (pack({**to_map(COMMAND), "passive_only": 1}), "passive_only is neither true nor false"),
        (pack({**to_map(COMMAND), "account": 7}), "account is not text"),
        (pack({**to_map(COMMAND), "asset": None}), "asset is not text"),
        (pack({**to_map(COMMAND), "posture": 0}), "posture is not text"),
        (pack({**to_map(COMMAND), "posture": "apex"}), "unreadable (KeyError)"),
    ],
)
def test_what_is_wrong_with_a_command_is_told(data: bytes, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        decode(data)
    assert caught.value.what == f"not a leverage command: {what}"
