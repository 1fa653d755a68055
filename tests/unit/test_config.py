"""The configuration refuses what it does not know, and says where."""

from pathlib import Path

import msgspec
import pytest

from dolphin.config import Config, dump_config, live_of, load_config
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
        ("[synthetic]\nasets = 8\n", "synthetic.asets", 8),
        ("[member]\nport = 65536\n", "member.port", 65536),
        ("[live]\nsymbols = []\n", "live.symbols", []),
        ('[paper]\naccount = "my account"\n', "paper.account", "my account"),
        ("[papers]\n", "papers", {}),
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
