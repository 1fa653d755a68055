"""Named days as readings, generated to their published timelines: for tests of the control law, and for the pictures in the docs."""
