"""The NautilusTrader side: everything that imports `nautilus_trader` lives here, and nothing imports this package.

Rules are elsewhere (`dolphin.core`), and so is what needs no Nautilus (`dolphin.trading`); these modules carry messages and orders between
them, the cluster and the venue. Read `worker` (the process), `node` (how it is put together), `data`, `execution` (where orders pass),
`strategies`.
"""
