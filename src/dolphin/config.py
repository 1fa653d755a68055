"""The configuration: one typed tree, read once at the edge and passed down.

A file is TOML; what it leaves out has the default shown here. A key that does not exist and a value out of range are refused with the
key's name, so a typing error can never silently mean "default". A text with a password in it is refused before it is looked at, and never
shown (`dolphin.core.upkeep.passwords`). No other module reads a configuration file or the environment.
The control law's own parameters live with the law, in `dolphin.core.control.params`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from dolphin.core.contract import names
from dolphin.core.upkeep.passwords import HIDDEN, REMEDY, carries_password, is_secret_name
from dolphin.errors import BadInput

Source = Literal["synthetic", "recording", "live"]

_UNKNOWN = "no such key"
_NAMED_IN_THE_MESSAGE = {"Object contains unknown field `(.+)`": _UNKNOWN, "Object missing required field `(.+)`": "missing"}
"""What msgspec says without a path, and what we say of the key it names."""
_NO_TABLE = "Expected `object`"
"""How it says that something else stands where a table belongs."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown keys are errors."""


class SyntheticMarket(Strict, frozen=True):
    """The synthetic market that the demo plays without a recording."""

    assets: Annotated[int, msgspec.Meta(ge=2, le=50)] = 8
    """How many correlated assets, 2 to 50."""
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 7
    """The same seed gives the same market, frame by frame."""
    minutes: Annotated[float, msgspec.Meta(ge=2.0, le=600.0)] = 8.0
    """Length in market time; 4 min warm the windows, the shocks come after."""


class Live(Strict, frozen=True):
    """The exchange's public market data; no key is needed and none is read."""

    symbols: Annotated[list[str], msgspec.Meta(min_length=1, max_length=50)] = msgspec.field(
        default_factory=lambda: ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"]
    )
    """Perpetuals to follow, 1 to 50."""
    ws_url: Annotated[str, msgspec.Meta(pattern="^wss?://")] = names.EXCHANGE_WS_URL
    rest_url: Annotated[str, msgspec.Meta(pattern="^https?://")] = names.EXCHANGE_REST_URL


class Member(Strict, frozen=True):
    """The Hazelcast member that a command starts."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """TCP port on loopback; 0 takes a free one."""
    cluster_name: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")] = names.DEFAULT_CLUSTER


class Gates(Strict, frozen=True):
    """Where the gates of the live market are kept; see docs/gates.md. A password is never read from here."""

    url: Annotated[str, msgspec.Meta(pattern="^$|^jdbc:(sqlite|postgresql):")] = ""
    """`jdbc:postgresql://HOST/DATABASE`, or `jdbc:sqlite:FILE`; empty is `gates.sqlite` in the home."""
    user: str = ""


class Paper(Strict, frozen=True):
    """The paper account."""

    account: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,32}$")] = names.DEFAULT_ACCOUNT
    opening_deposit_usd: Annotated[int, msgspec.Meta(ge=100, le=1_000_000_000)] = 100_000
    """Booked once, when the ledger is empty; afterwards the ledger alone says what there is."""


class Config(Strict, frozen=True):
    """Everything an operator may change."""

    synthetic: SyntheticMarket = SyntheticMarket()
    live: Live = Live()
    member: Member = Member()
    gates: Gates = Gates()
    paper: Paper = Paper()


def load_config(path: Path | None) -> Config:
    """The configuration in the TOML file `path`, or the defaults.

    Raises:
        BadInput: unreadable file, bad TOML, unknown key, wrong type or value out of range; names the key.
    """
    if path is None:
        return Config()
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"the configuration cannot be read ({error.strerror})", field="--config", value=str(path), remedy="Give a readable file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not TOML: {error}", field="--config", value=str(path), remedy="Mend the line it names.") from error
    refuse_passwords(tree, where=path.name)
    try:
        return msgspec.convert(tree, Config)
    except msgspec.ValidationError as error:
        raise refusal(error, tree, where=path.name, remedy="See docs/configuration.md for keys and ranges.") from error


def live_of(symbols: Iterable[str], ws_url: str, rest_url: str) -> Live:
    """What a command line says of the exchange, held to the limits that a configuration file is held to.

    Raises:
        BadInput: no or too many symbols, an address that is none or has a password in it; names the key.
    """
    tree = {"symbols": list(symbols), "ws_url": ws_url, "rest_url": rest_url}
    refuse_passwords(tree, where="the command line")
    try:
        return msgspec.convert(tree, Live)
    except msgspec.ValidationError as error:
        raise refusal(error, tree, where="the command line", remedy="See docs/configuration.md, [live], for ranges.") from error


def dump_config(config: Config) -> str:
    """The effective configuration as TOML, as it is kept beside a run."""
    lines: list[str] = []
    for section, values in msgspec.to_builtins(config).items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)


def refuse_passwords(tree: object, *, where: str) -> None:
    """Raises `BadInput` for the first value in `tree`, read from the file `where`, that is or carries a password; without showing it."""
    for key, value in _values(tree):
        is_secret = value != "" and is_secret_name(key)
        if is_secret or carries_password(key) or (isinstance(value, str) and carries_password(value)):
            field = HIDDEN if carries_password(key) else key
            raise BadInput(f"a password does not belong here (in {where})", field=field, value=HIDDEN, remedy=REMEDY)


def _values(tree: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every value below `tree` with its dotted key, of whatever type, tables and lists too."""
    if key:
        yield key, tree
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _values(value, f"{key}.{name}".lstrip("."))
    elif isinstance(tree, list):
        for value in tree:
            yield from _values(value, key)


def refusal(error: msgspec.ValidationError, tree: object, *, where: str, remedy: str) -> BadInput:
    """What msgspec found wrong with `tree`, read from the file `where`, as an error that names key, value and remedy.

    What nobody knows the meaning of may be a secret under a name that we have not thought of, and is not shown.
    """
    key, what = _explain(str(error))
    is_known = what != _UNKNOWN and not what.startswith(_NO_TABLE)
    return BadInput(f"{what} (in {where})", field=key, value=_value_at(tree, key) if is_known else HIDDEN, remedy=remedy)


def _explain(message: str) -> tuple[str, str]:
    """Splits msgspec's message into the dotted key it is about and what is wrong there."""
    what, _, where = message.partition(" - at `$.")
    path = where.rstrip("`")
    for pattern, said in _NAMED_IN_THE_MESSAGE.items():
        if named := re.fullmatch(pattern, what):
            return ".".join(filter(None, [path, named[1]])), said
    return path, what


def _value_at(tree: object, key: str) -> object:
    for part in key.split("."):
        if not isinstance(tree, dict) or part not in tree:
            return None
        tree = tree[part]
    return tree
