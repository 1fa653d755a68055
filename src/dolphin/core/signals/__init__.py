"""The numbers DOLPHIN decides on: per-asset features, correlation structure, asset ranking.

Pure numerics: arrays in, arrays out, no clock, no I/O, no Arrow. `python_udfs` wraps them as Jet stages. What each number means
is told in `docs/signals.md`; the definitions are sections 3 and 4 of the control law.

Reading order: `feature_state` (what is remembered per asset), `feature_kernel` (how one row changes it), `feature_output`, `statistics`,
`spectrum` and `null_spectrum` (eigenvalues and what pure noise would show), `divergence` (velocities and plunges), `ranking`.
"""
