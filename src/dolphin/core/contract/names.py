"""The names by which the parts find each other: maps, topics, keys, jobs, defaults. docs/contracts.md says what is behind each.

Pipelines in `pipelines/` write the names out, for their readers; a test holds them to these.
"""

from typing import Final

# maps
MARKET_EVENTS: Final = "MARKET_EVENTS"
DOLPHIN_FEATURES: Final = "DOLPHIN_FEATURES"
ARS_RANKING: Final = "ARS_RANKING"
LEVERAGE: Final = "LEVERAGE"
POSTURE: Final = "POSTURE"
SYSTEM_HEALTH: Final = "SYSTEM_HEALTH"
DOLPHIN_PROGRESS: Final = "DOLPHIN_PROGRESS"
DOLPHIN_FEEDS: Final = "DOLPHIN_FEEDS"

# reliable topics; a market topic for each shard
RANKING_TOPIC: Final = "ranking"
LEVERAGE_CHANGES: Final = "leverage-changes"
POSTURE_CHANGES: Final = "posture-changes"
HEALTH_TOPIC: Final = "health"

LAW_ATTRIBUTE: Final = "dolphin.law"
"""Of a member: the hash of the control law that it decides by."""

# keys that are not a gate's
SCAN_KEY: Final = "SCAN"
"""Of DOLPHIN_FEATURES: the scan record."""
FEED: Final = "feed"
AGENT: Final = "agent"
"""Of DOLPHIN_PROGRESS, beside the names of the jobs."""
MEMBER: Final = "member"
"""Of SYSTEM_HEALTH, as `member/HOST:PORT`, beside the jobs, `agent` and `feed.SHARD`."""

JOBS: Final = ("ars", "acb", "survival")
"""In the order in which they are submitted."""
DEFAULT_ACCOUNT: Final = "paper"
DEFAULT_CLUSTER: Final = "dolphin"
FIRST_SHARD: Final = "0"
MAX_SHARDS: Final = 8
"""Shards are "0" to "7"; a silent one costs its readers nothing."""

MAX_ASSETS: Final = 1_024
"""Assets in one shard (50 are planned, 400 in one shard are supported); rows of further ones are dropped and counted, or refused."""

# the exchange's public addresses; a configuration may name others
EXCHANGE_WS_URL: Final = "wss://fstream.binance.com"
EXCHANGE_REST_URL: Final = "https://fapi.binance.com"


def market_topic(shard: str) -> str:
    """The topic of one shard's features."""
    return f"market.{shard}"


def feed_part(shard: str) -> str:
    """The feed of one shard, in `SYSTEM_HEALTH`."""
    return f"{FEED}.{shard}"


def gate_key(account: str, asset: str = "") -> str:
    """The key of a gate: the account's own, or one of its assets'."""
    return f"{account}/{asset}" if asset else account


def gate_parts(key: str) -> tuple[str, str]:
    """(account, asset) of a gate's key; the asset is "" for the account's own."""
    account, _, asset = key.partition("/")
    return account, asset
