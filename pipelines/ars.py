"""ars: what the feeds saw becomes features, features become eigenvalue scans, scans become the ranking of assets.

Every feature row is an entry for whoever asks about one asset, and the whole batch is a message for whoever follows the market (the acb
and survival jobs, the agent). Scans and rankings look across all assets, so each runs in one instance for the whole cluster.
"""

from dolphin.pipeline import BATCH_KEY, Pipeline

SCAN_RECORD = (
    "market_time_ns",
    "n_assets",
    "lambda1_50",
    "lambda1_750",
    "v50",
    "v750",
    "vel_div",
    "vel_div_z",
    "plunge_depth",
    "is_plunge",
    "entropy",
    "effective_rank",
    "absorption",
    "fill_50",
    "fill_750",
)

pipeline = Pipeline("ars")

features = pipeline.read_journal("MARKET_EVENTS").python("features", "python_udfs.features:Features", keyed_by=BATCH_KEY)
features.to_topic("market.{key}")
features.to_map("DOLPHIN_FEATURES", key="{asset}")

scan = features.python("scan", "python_udfs.scan:Scan")
scan.to_map("DOLPHIN_FEATURES", key="SCAN", columns=SCAN_RECORD, last_row_only=True)

ranking = scan.python("ranking", "python_udfs.ars:Ars")
ranking.to_map_as_batch("ARS_RANKING", key="universe")
ranking.to_topic("ranking")
