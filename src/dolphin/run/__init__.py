"""Running the system: its parts as one thing with a start and an end. Shells only; no rule lives here."""
