"""The numbers of the control law, read once from `law.toml` beside this file, and their hash.

The same file is in the member's jar, so no number stands in two places. The law hash covers every number and the version of the rules that
use them: two processes have the same hash exactly when they decide by the same law. The feed stamps it on every batch; whoever decides by
the batch compares it with its own, and two laws at work on one account are a broken invariant (the "configuration hash" of f1).

This module reads its own file when it is imported, before anything is decided.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

from dolphin.errors import BadInput

_DIGITS: Final = 16
_FIELDS: Final = ("value", "unit", "low", "high", "reason")


type _Toml = dict[str, Any] | list[Any] | str | int | float


class Number(NamedTuple):
    """One number of the law, or a row of them, with its inclusive range."""

    values: tuple[int, ...]
    unit: str
    low: int
    high: int
    reason: str


class Law(NamedTuple):
    """A whole law: the version of its rules, and its numbers by section and name."""

    version: int
    numbers: Mapping[str, Mapping[str, Number]]

    def number(self, section: str, name: str) -> int:
        """The one value of `section.name`."""
        [value] = self.numbers[section][name].values
        return value

    def row(self, section: str, name: str) -> tuple[int, ...]:
        """The values of `section.name`."""
        return self.numbers[section][name].values

    def digest(self, *more: str) -> str:
        """The hash of the version, every number, and what `more` says: 16 hexadecimal digits."""
        lines = [f"version={self.version}"]
        lines += [f"{section}.{name}={number.values}" for section, numbers in self.numbers.items() for name, number in numbers.items()]
        return hashlib.sha256("\n".join([*sorted(lines), *more]).encode()).hexdigest()[:_DIGITS]


def read(text: str) -> Law:
    """The law written in `text`.

    Raises:
        BadInput: it is no TOML, or names the first number that is incomplete or outside its range.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"no TOML: {error}", field="law", value=text[:40], remedy="Restore law.toml.") from error
    version = found.pop("version", None)
    if type(version) is not int or version < 1:
        raise BadInput("must be a whole number from 1", field="version", value=version, remedy="Restore law.toml.")
    return Law(version, {section: _section(section, fields) for section, fields in found.items()})


def _section(section: str, fields: _Toml) -> Mapping[str, Number]:
    if not isinstance(fields, dict):
        raise BadInput("must be a section of numbers", field=section, value=fields, remedy="Restore law.toml.")
    return {name: _number(f"{section}.{name}", raw) for name, raw in fields.items()}


def _number(name: str, raw: _Toml) -> Number:
    if not isinstance(raw, dict) or tuple(raw) != _FIELDS:
        raise BadInput(f"must have {', '.join(_FIELDS)}", field=name, value=raw, remedy="Restore law.toml.")
    value: _Toml
    value, unit, low, high, reason = (raw[field] for field in _FIELDS)
    values: tuple[Any, ...] = tuple(value) if isinstance(value, list) else (value,)
    if type(low) is not int or type(high) is not int:
        raise BadInput("must have a range of whole numbers", field=name, value=[low, high], remedy="Restore law.toml.")
    for each in values:
        check(name, each, unit, low, high, "Restore law.toml.")
    return Number(values, unit, low, high, reason)


def check(name: str, value: object, unit: str, low: int, high: int, remedy: str) -> None:
    """Refuse a value that is no whole number from `low` to `high`; raises BadInput naming it."""
    if type(value) is not int or not low <= value <= high:
        raise BadInput(f"must be a whole number of {unit} from {low} to {high}", field=name, value=value, remedy=remedy)


LAW: Final = read(resources.files("dolphin.core").joinpath("law.toml").read_text())
"""The law of this program."""
