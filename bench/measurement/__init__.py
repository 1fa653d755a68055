"""What every benchmark shares: is this host fit to measure on, and percentiles that hide nothing."""
