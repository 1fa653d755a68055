"""How the parts of level A are shown to be tested: every condition matters to some test, and every change of the code fails one.

`modules` says which files are level A. MC/DC of the Python ones: `decisions` finds and instruments the Boolean decisions of a module,
`recording` keeps what they evaluated to while the tests ran (`plugin` switches it on in pytest), `independence` judges the vectors,
`coverage` puts it together. Mutation: `mutants` (mutmut, Python) and `pit` (PIT, Java). Both kinds of gap may be justified, each with its
reason, in `tests/level_a/*.toml` (`justified`); a justification that is not needed any more is an error. `level_a` runs them all for
`dolphin test --level-a`, and `record` keeps what they found in `docs/level-a.md`, which tells the story.
"""
