"""The configuration refuses what it does not know, and says where."""

import re
from pathlib import Path

import msgspec
import pytest

from dolphin.config import Config, dump_config, live_of, load_config
from dolphin.core.upkeep.passwords import HIDDEN
from dolphin.errors import BadInput, ExitCode


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "dolphin.toml"
    path.write_text(text)
    return path


def test_no_file_means_the_defaults() -> None:
    assert load_config(None) == Config()


def test_what_is_dumped_loads_as_the_same_configuration(tmp_path: Path) -> None:
    changed = load_config(write(tmp_path, '[synthetic]\nseed = 11\n[live]\nsymbols = ["BTCUSDT"]\n'))
    assert changed != Config()
    assert load_config(write(tmp_path, dump_config(changed))) == changed


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("[synthetic]\nassets = 1\n", "synthetic.assets", 1),
        ("[synthetic]\nassets = 51\n", "synthetic.assets", 51),
        ('[synthetic]\nassets = "many"\n', "synthetic.assets", "many"),
        ("[synthetic]\nasets = 8\n", "synthetic.asets", HIDDEN),
        ("[member]\nport = 65536\n", "member.port", 65536),
        ("[live]\nsymbols = []\n", "live.symbols", []),
        ('[paper]\naccount = "my account"\n', "paper.account", "my account"),
        ("[papers]\n", "papers", HIDDEN),
    ],
)
def test_an_unknown_key_or_a_value_out_of_range_is_named(tmp_path: Path, text: str, field: str, value: object) -> None:
    with pytest.raises(BadInput) as caught:
        load_config(write(tmp_path, text))
    assert (caught.value.field, caught.value.value) == (field, value)
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert field in str(caught.value)
    assert caught.value.remedy


def test_the_documentation_has_every_key_with_its_default() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text()
    for section, values in msgspec.to_builtins(Config()).items():
        for key, value in values.items():
            assert f"| `{section}.{key}` | `{msgspec.json.encode(value).decode()}` |" in page


def test_a_missing_or_broken_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_config(tmp_path / "absent.toml")
    with pytest.raises(BadInput, match="not TOML"):
        load_config(write(tmp_path, "[synthetic\n"))


@pytest.mark.parametrize(
    ("symbols", "ws_url", "field"),
    [([], "ws://h", "symbols"), ([f"S{number}" for number in range(51)], "ws://h", "symbols"), (["BTCUSDT"], "h", "ws_url")],
)
def test_what_a_command_line_says_of_the_exchange_is_held_to_the_same_limits(symbols: list[str], ws_url: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        live_of(symbols, ws_url, "http://h")
    assert caught.value.field == field
    assert live_of(["BTCUSDT"], "ws://h", "http://h").symbols == ["BTCUSDT"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[gates]\nurl = "jdbc:postgresql://u:hunter2@h/gates"\n', "gates.url"),
        ('[gates]\nurl = "postgresql://u:hunter2@h/gates"\n', "gates.url"),
        ('[gates]\nurl = "jdbc:postgresql://h/gates?password=hunter2"\n', "gates.url"),
        ('[gates]\nurl = "jdbc:postgresql://h/gates?p%61ssword=hunter2"\n', "gates.url"),
        ('[gates]\nurl = "host=h user=u password=hunter2"\n', "gates.url"),
        ('[gates]\nuser = "u password=hunter2"\n', "gates.user"),
        ('[gates]\npassword = "hunter2"\n', "gates.password"),
        ('[live]\nws_url = "wss://u:hunter2@h"\n', "live.ws_url"),
        ('[live]\nsymbols = ["https://u:hunter2@h"]\n', "live.symbols"),
        ('[paper]\napi_secret = "hunter2"\n', "paper.api_secret"),
        ("[gates]\npassword = 12345\n", "gates.password"),
        ("[gates]\npassword = 0\n", "gates.password"),
        ("[gates]\npassword = [12345]\n", "gates.password"),
        ('[gates.password]\nvalue = "hunter2"\n', "gates.password"),
        ('[gates]\npw = "hunter2"\n', "gates.pw"),
        ('[gates]\ncredential = "hunter2"\n', "gates.credential"),
        ('[gates]\nauthorization = "hunter2"\n', "gates.authorization"),
        ('[live]\napikey = "hunter2"\n', "live.apikey"),
        ('[live]\nrest_url = "https://h/?apikey=hunter2"\n', "live.rest_url"),
        ('[gates]\n"password=hunter2" = 1\n', HIDDEN),
    ],
)
def test_a_password_is_refused_and_never_shown(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_config(write(tmp_path, text))
    assert caught.value.field == field
    assert not {"hunter2", "12345"} & set(re.findall(r"\w+", f"{caught.value} {caught.value.value}"))
    assert "DOLPHIN_GATES_PASSWORD" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[gates]\nkennwort = "hunter2"\n', "gates.kennwort"),
        ('gates = "hunter2"\n', "gates"),
        ('[gate]\nkennwort = "hunter2"\n', "gate"),
        ('kennwort = "hunter2"\n', "kennwort"),
    ],
)
def test_a_value_whose_meaning_nobody_knows_is_not_shown(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_config(write(tmp_path, text))
    assert (caught.value.field, caught.value.value) == (field, HIDDEN)


@pytest.mark.parametrize("url", ["https://u:hunter2@h", "https://h/?apikey=hunter2"])
def test_a_password_of_the_exchange_on_a_command_line_is_refused_and_never_shown(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        live_of(["BTCUSDT"], "wss://h", url)
    assert (caught.value.field, caught.value.value) == ("rest_url", HIDDEN)
