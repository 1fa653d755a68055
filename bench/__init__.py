"""What is measured, against which peer and which floor: one file a benchmark, with its rig in a folder beside it."""
