"""Running the system: the processes, where they keep their state, the live screen and the report. Shells only; no rule lives here."""
