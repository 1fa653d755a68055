"""Record batches as bytes and back, in one way; batches of one shape written in place."""
