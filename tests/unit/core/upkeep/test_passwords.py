"""An address with a password is known for one, however it is written."""

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.upkeep.passwords import carries_password, is_secret_name

ADDRESSES = json.loads((Path(__file__).resolve().parents[3] / "contract" / "addresses.json").read_text())
WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="%"), min_size=1, max_size=12)
KEYS = st.sampled_from(
    ["password", "PASSWORD", "sslpassword", "passwd", "pwd", "secret", "api_token", "pw", "credential", "apikey", "x-auth"]
)


@pytest.mark.parametrize("address", ADDRESSES["refused"])
def test_an_address_with_a_password_is_known(address: str) -> None:
    assert carries_password(address)


@pytest.mark.parametrize("address", ADDRESSES["taken"])
def test_an_address_without_one_is_taken(address: str) -> None:
    assert not carries_password(address)


def encoded(text: str, which: list[bool]) -> str:
    """`text` with some of its ASCII characters percent-encoded."""
    flags = [*which, *[False] * len(text)]
    return "".join(f"%{ord(char):02X}" if flag and ord(char) < 128 else char for char, flag in zip(text, flags, strict=False))


@given(user=WORDS, secret=SECRETS, host=WORDS, scheme=st.sampled_from(["postgresql://", "jdbc:postgresql://", "//", ""]))
def test_whatever_the_password_before_the_host_is(user: str, secret: str, host: str, scheme: str) -> None:
    plain = "".join(char for char in secret if char not in "?/@")
    assert carries_password(f"{scheme}{user}:{plain}@{host}/gates")


@given(key=KEYS, secret=SECRETS, which=st.lists(st.booleans(), max_size=40), layers=st.integers(0, 3), space=st.sampled_from(["", " "]))
def test_whatever_the_named_password_is_and_however_often_it_is_encoded(
    key: str, secret: str, which: list[bool], layers: int, space: str
) -> None:
    text = f"jdbc:postgresql://h/gates?user=u&{key}{space}={secret}"
    for _ in range(layers):
        text = encoded(text, which)
    assert carries_password(text)


@given(host=WORDS, port=st.integers(1, 65535), database=WORDS, user=WORDS)
def test_host_port_database_and_user_are_no_password(host: str, port: int, database: str, user: str) -> None:
    assert not carries_password(f"jdbc:postgresql://{host}:{port}/{database}?user={user}@{host}&ssl=true")
    assert not carries_password(f"postgresql://{user}@{host}:{port}/{database}")


def test_the_last_part_of_a_key_says_whether_it_holds_a_secret() -> None:
    assert is_secret_name("gates.password")
    assert is_secret_name("live.API_SECRET")
    assert not is_secret_name("gates.url")
    assert not is_secret_name("passwords.url"), "only what is inside"
