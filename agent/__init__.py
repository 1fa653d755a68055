"""The NautilusTrader side: everything that imports `nautilus_trader` lives here, and nothing imports this package.

Rules are elsewhere (`dolphin.gate`, `dolphin.control`, `dolphin.sizing`, `dolphin.ledger`); these modules carry messages and orders between
them, the cluster and the venue. Read `worker` (the process), `desk` (what is decided from), `gated` (where orders pass), `strategy`.
"""
