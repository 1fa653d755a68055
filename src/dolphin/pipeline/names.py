"""The maps, topics and entry processors that pipelines may name: the table of docs/contracts.md, as code.

A name that is not here is a typing error until it is put here.
"""

from typing import Final

import pyarrow as pa

from dolphin.core.contract import names
from dolphin.core.contract.schemas import MARKET

JOURNALS: Final[dict[str, pa.Schema]] = {names.MARKET_EVENTS: MARKET}
"""Journaled maps of batches, with the schema of the batches."""

MAPS: Final = frozenset({names.DOLPHIN_FEATURES, names.ARS_RANKING, names.LEVERAGE, names.POSTURE, names.SYSTEM_HEALTH})

TOPICS: Final = frozenset(
    {names.market_topic("{key}"), names.RANKING_TOPIC, names.LEVERAGE_CHANGES, names.HEALTH_TOPIC, names.POSTURE_CHANGES}
)
"""Reliable topics; `{key}` stands for the key of the batch, which for `market` is the shard."""

PROCESSORS: Final = frozenset({"leverage", "posture"})
"""Entry processors by the name under which `dolphin.jet.job.PayloadProcessors` has them."""
