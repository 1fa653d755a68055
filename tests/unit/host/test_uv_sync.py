"""Where pip is configured to install from is where uv is told to."""

import pytest

from dolphin.host.uv_sync import connection, index_options, pip_settings


def test_what_holds_for_install_wins_over_what_holds_for_all_and_the_environment_over_both() -> None:
    said = [
        ":env:.index-url='https://c/simple'",
        "global.cert='/ca.pem'",
        "global.index-url='https://a/simple'",
        "global.timeout='60'",
        "install.index-url='https://b/simple'",
        "install.timeout='90'",
        "list.format='columns'",
        "",
    ]
    assert pip_settings(said) == {"cert": "/ca.pem", "index-url": "https://c/simple", "timeout": "90"}
    assert pip_settings([]) == {}


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, []),
        ({"index-url": "https://user:word@a/simple?x=1"}, ["--default-index", "https://user:word@a/simple?x=1"]),
        ({"extra-index-url": "\nhttps://b\nhttps://c"}, ["--index", "https://b", "--index", "https://c"]),
        ({"find-links": "/wheels https://d/"}, ["--find-links", "/wheels", "--find-links", "https://d/"]),
        ({"trusted-host": "a b:8080"}, ["--allow-insecure-host", "a", "--allow-insecure-host", "b:8080"]),
        ({"no-index": "true"}, ["--no-index"]),
        ({"no-index": "0"}, []),
    ],
)
def test_every_place_to_install_from_is_named(settings: dict[str, str], options: list[str]) -> None:
    assert index_options(settings) == options


def test_a_folder_in_the_home_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert index_options({"find-links": "~/wheels"}) == ["--find-links", "/home/me/wheels"]


def test_uv_connects_as_pip_does() -> None:
    settings = {"cert": "/ca.pem", "client-cert": "/me.pem", "proxy": "http://p:1", "default-timeout": "180"}
    assert connection(settings) == {
        "SSL_CERT_FILE": "/ca.pem",
        "SSL_CLIENT_CERT": "/me.pem",
        "ALL_PROXY": "http://p:1",
        "UV_HTTP_TIMEOUT": "180",
    }
    assert connection({"timeout": "5", "default-timeout": "180"}) == {"UV_HTTP_TIMEOUT": "5"}
    assert connection({}) == {}
