"""What the benchmarks of the agent run: probes in fresh processes, and a market published at a steady pace."""
