"""acb: the adaptive cut-off. Shocks in the features become votes, and votes become cuts where the leverage lives.

The entry processor decides and answers with a command, which is published; a renewal too, for it carries the lease.
"""

from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.pipeline import BATCH_KEY, Pipeline, setting

pipeline = Pipeline("acb")

market = pipeline.read_topics("market.{key}", written_by="python_udfs.features:Features")
votes = market.python(
    "votes", "python_udfs.breaker_votes:BreakerVotes", keyed_by=BATCH_KEY, params={"account": setting("account", DEFAULT_ACCOUNT)}
)
commands = votes.apply("leverage", map_name="LEVERAGE", key="{key}", payload="value")
commands.to_topic("leverage-changes")
