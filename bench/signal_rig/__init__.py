"""What the benchmarks of the signal stages share: fresh processes, interleaved timing, and the work to be timed."""
