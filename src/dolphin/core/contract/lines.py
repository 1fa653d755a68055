"""A line of a journal, as one process writes it and others read it."""

from typing import Any

type Line = dict[str, Any]
"""Newline-delimited JSON; `type` says which kind (docs/contracts.md, "Run directory"), `market_time_ns` when."""
