"""What benchmarks run in other processes."""
