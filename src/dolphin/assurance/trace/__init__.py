"""Traces of real runs, judged by the TLA+ specification.

The agent writes what it does at its linearisation points (`events` says which) to `runs/<run_id>/trace.ndjson`. `module` turns such a file
into a TLA+ module, `tlc` runs the model checker, `verdict` says whether the specification allows the run and, if not, at which event it
departs. The specification is `formal/tla/Inventory.tla`, driven by `InventoryTrace.tla`.
"""
