"""What the benchmarks of the safety core time."""
