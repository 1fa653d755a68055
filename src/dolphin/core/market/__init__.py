"""Frames to MARKET rows: order books, the shard's market clock, batches, the table of instruments. One room a venue."""
