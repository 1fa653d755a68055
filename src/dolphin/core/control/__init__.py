"""The control law (`control.md` 1 and 2) as pure integer functions.

Nothing here does I/O, reads a clock or decides with a float: a rule is `step(state, event) -> (state, effect)`, time arrives in
events as integer nanoseconds, safety quantities are integers in parts per million. Every function is total: whatever a reading is
(missing, not a number, negative, beyond its range), the worst value stands in for it and a reason says so.

Read in this order: `senses` (what is read, and what stands for a missing reading), `factors` (reading -> ppm, along `curves`), `posture`
(one table), `survival` (the controller step: `assessment`, then `governor`), `breaker` (the adaptive cut-off), `command` (what leaves),
`posture_gate`, `account_gate` and `gate_entry` (what the gates hold), `lease` (how long it may be believed), `params`.
"""
