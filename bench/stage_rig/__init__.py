"""What `bench.stage` runs: the same Java rig over three paths (our stage, the stock one, a bare socket), and their Python ends."""
