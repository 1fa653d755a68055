"""From features to what the law and the breaker may rely on: readings, what is usual, and how bad a reading is."""
