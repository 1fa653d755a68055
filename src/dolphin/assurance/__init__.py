"""How what decides is shown to be right: level A, proofs, the model checker and the traces it checks, the test run, benchmarks' results."""
