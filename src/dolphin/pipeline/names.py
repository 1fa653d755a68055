"""The maps, topics and entry processors that pipelines may name: the table of docs/contracts.md, as code.

A name that is not here is a typing error until it is put here.
"""

from typing import Final

import pyarrow as pa

from dolphin.core.contract.market import MARKET

JOURNALS: Final[dict[str, pa.Schema]] = {"MARKET_EVENTS": MARKET}
"""Journaled maps of batches, with the schema of the batches."""

MAPS: Final = frozenset({"DOLPHIN_FEATURES", "ARS_RANKING", "LEVERAGE", "POSTURE", "SYSTEM_HEALTH"})

TOPICS: Final = frozenset({"market.{key}", "ranking", "leverage-changes", "health", "posture-changes"})
"""Reliable topics; `{key}` stands for the key of the batch, which for `market` is the shard."""

PROCESSORS: Final = frozenset({"leverage", "posture"})
"""Entry processors by the name under which `dolphin.jet.sink.PayloadProcessors` has them."""

MAX_SHARDS: Final = 8
"""Topics that a reader of `market.{key}` listens to: shards "0" to "7". A silent one costs nothing."""
