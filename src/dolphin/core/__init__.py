"""The rules: no clock, no chance, no outside. A rule is `step(state, event) -> (state, effects)`; time arrives in events as nanoseconds.

The ground is `contract` (what the parts say to each other), `arrow` (record batches as bytes), `units`. On it stand `market` (frames to
rows), `signals` (rows to features, scans, rankings), `sensing` (features to readings), `control` (readings to a cap), `order_gate` (which
orders leave), `placing` (which are wanted), `ledger` (what is booked) and `audit` (the steps of everything that happens). A test holds it
to this by folder.
"""
