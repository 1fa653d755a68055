"""survival: the survival controller. Everything sensed becomes one posture and one cap for the account.

It looks at all shards together, so it runs in one instance for the whole cluster.
"""

from dolphin.pipeline import Pipeline, setting

pipeline = Pipeline("survival")

market = pipeline.read_topics("market.{key}", written_by="python_udfs.features:Features")
control = market.python("control", "python_udfs.survival:Survival", params={"account": setting("account", "paper")})
commands = control.apply("leverage", map_name="LEVERAGE", key="{key}", payload="value")
commands.to_topic("leverage-changes")
