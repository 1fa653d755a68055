"""What outlives a process: the ledger in SQLite."""
