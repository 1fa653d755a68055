"""survival: the survival controller. Everything sensed becomes one posture and one cap for the account.

The stage says what the readings would allow; the entry processor on `POSTURE` grants (latch, slow recovery, posture thresholds: what a
restart must not forget); the one on `LEVERAGE` puts it under an operator's cut of the account.

It looks at all shards together, so it runs in one instance for the whole cluster.
"""

from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.pipeline import Pipeline, setting

pipeline = Pipeline("survival")

market = pipeline.read_topics("market.{key}", written_by="python_udfs.features:Features")
control = market.python("control", "python_udfs.survival:Survival", params={"account": setting("account", DEFAULT_ACCOUNT)})
granted = control.apply("posture", map_name="POSTURE", key="{key}", payload="value")
granted.to_topic("posture-changes")
granted.apply("leverage", map_name="LEVERAGE").to_topic("leverage-changes")
