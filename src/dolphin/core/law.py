"""The numbers of the control law, read once from `law.toml` beside this file, and their hash.

The same file is in the member's jar, so no number stands in two places. The law hash covers every number and the version of the rules that
use them: two processes have the same hash exactly when they decide by the same law. The feed stamps it on every batch; whoever decides by
the batch compares it with its own, and two laws at work on one account are a broken invariant (the "configuration hash" of f1).

This module reads its own file when it is imported, before anything is decided.
"""

import hashlib
import itertools
import operator
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

from dolphin.errors import BadInput

_DIGITS: Final = 16
_FIELDS: Final = ("value", "unit", "low", "high", "reason")
_ORDERS: Final = {"rising": operator.lt, "falling": operator.gt}


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
        """The one value of `section.name`. BadInput where it is missing, or there are more."""
        [value] = self.row(section, name, 1)
        return value

    def row(self, section: str, name: str, size: int) -> tuple[int, ...]:
        """The `size` values of `section.name`. BadInput where it is missing, or there are not as many."""
        found = self.numbers.get(section, {}).get(name)
        values = () if found is None else found.values
        if len(values) != size:
            raise BadInput(f"must have {size} value(s)", field=f"{section}.{name}", value=list(values), remedy="Restore law.toml.")
        return values

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
    version, orders = found.pop("version", None), {order: found.pop(order, []) for order in _ORDERS}
    if type(version) is not int or version < 1:
        raise BadInput("must be a whole number from 1", field="version", value=version, remedy="Restore law.toml.")
    law = Law(version, {section: _section(section, fields) for section, fields in found.items()})
    for order, lines in orders.items():
        for line in _listed(lines):
            _check_order(law, order, line)
    return law


def _listed(lines: _Toml) -> "list[_Toml]":
    return lines if isinstance(lines, list) else [lines]


def _check_order(law: Law, order: str, line: _Toml) -> None:
    """Refuse a law in which the numbers of `line` (their names) do not rise, or fall, strictly; raises BadInput naming them."""
    if not isinstance(line, list) or not line:
        raise BadInput("must be lists of names", field=order, value=line, remedy="Restore law.toml.")
    values: list[int] = []
    names = [str(each) for each in line]
    for name in names:
        section, _, number = name.partition(".")
        found = law.numbers.get(section, {}).get(number)
        if found is None:
            raise BadInput("names no number of the law", field=order, value=name, remedy="Restore law.toml.")
        values += found.values
    if not all(_ORDERS[order](one, other) for one, other in itertools.pairwise(values)):
        raise BadInput(f"must be strictly {order}", field=", ".join(names), value=values, remedy="Restore law.toml.")


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
