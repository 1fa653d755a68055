"""Which parts a running system has, what proves that each is alive, what may be said of them, and when one is started again.

Read `parts` (the table), then `heartbeat` (the proof), `verdict` (what follows from both and from the gates), `restart` (the rule by which
a supervisor starts, ends and gives up a part). Pure: wall time arrives as an argument.
"""
