"""Keeping a home small and whole: old runs go (`prune`), everything is copied while it runs (`backup`) and brought back (`restore`)."""
