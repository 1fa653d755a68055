"""One account trades: belief, desk, booking, and what arrives on the topics. Knows nothing of NautilusTrader.

Read `desk` (what an order is decided from), `entitlement` (what may be believed, and until when), `booking` (the hand on the ledger),
`inbox`.
"""
