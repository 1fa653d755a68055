"""The market as data: exchange frames in, Arrow batches of rows out. Pure: no clock, no I/O, no randomness."""
