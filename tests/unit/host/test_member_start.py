"""What is settled before a member starts: its configuration, its addresses, and that its gates are nobody else's."""

import os
from pathlib import Path

import pytest

from dolphin.errors import BadInput, Refused
from dolphin.host.member import CONFIGS, FOR_MEMBERS, Gates, find_config
from dolphin.host.standing import addresses


@pytest.mark.parametrize("name", FOR_MEMBERS)
def test_a_configuration_is_found_by_its_name_and_is_there(name: str) -> None:
    assert find_config(name) == find_config(f"{name}.yaml") == CONFIGS / f"{name}.yaml"
    assert find_config(name).is_file()


def test_a_file_of_ones_own_may_have_any_name(tmp_path: Path) -> None:
    own = tmp_path / "three-members.yaml"
    own.write_text("hazelcast: {}\n")
    assert find_config(str(own)) == own


@pytest.mark.parametrize("name", ["four-members", "compose.yaml", "/no/such.yaml", str(CONFIGS)])
def test_one_that_is_none_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(BadInput, match="one-member, three-members, production") as caught:
        find_config(name)
    assert caught.value.field == "CONFIG"


def test_a_file_of_gates_is_one_members(tmp_path: Path) -> None:
    gates = Gates.in_file(tmp_path / "gates.sqlite")
    held = gates.lock()
    assert held is not None
    with pytest.raises(Refused, match="another member keeps its gates there") as caught:
        gates.lock()
    assert caught.value.value == str(tmp_path / "gates.sqlite")
    os.close(held)
    again = gates.lock()
    assert again is not None
    os.close(again)


def test_a_database_is_for_many_and_a_folder_that_is_missing_is_the_members_to_name(tmp_path: Path) -> None:
    assert Gates("jdbc:postgresql://127.0.0.1/gates", "keeper").lock() is None
    assert Gates.in_file(tmp_path / "none" / "gates.sqlite").lock() is None


def test_members_are_named_by_host_and_port() -> None:
    assert addresses("10.0.0.1:5701", "--join") == ("10.0.0.1:5701",)
    assert addresses("a:1, b.c:65535,[::1]:5701", "--join") == ("a:1", "b.c:65535", "[::1]:5701")


@pytest.mark.parametrize("text", ["", "10.0.0.1", ":5701", "a:0", "a:65536", "a:b", "a:1,", "http://a:1", "dolphin@a:1", "a b:1"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(BadInput, match="no address of a member") as caught:
        addresses(text, "--join")
    assert caught.value.field == "--join"
