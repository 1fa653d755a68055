"""The steps of everything that happens, as typed events."""
