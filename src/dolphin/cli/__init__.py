"""The command line: one module a command group, each a thin shell over the part that does the work."""
