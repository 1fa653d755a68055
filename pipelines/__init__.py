"""One file per Jet job: where it reads, what its Python stages are, where it writes."""
