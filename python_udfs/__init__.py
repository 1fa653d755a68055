"""The stage functions that pipelines name: Arrow record batches in, Arrow record batches out.

    features    MARKET rows    -> what is known about each asset      (FEATURES)
    scan        FEATURES rows  -> correlation structure, every 5 s    (SCAN)
    ars         SCAN rows      -> the assets worth leverage, ranked   (RANKING)
    acb         FEATURES rows  -> votes of the adaptive cut-off       (signals for LEVERAGE)
    survival    FEATURES rows  -> decisions of the survival controller (signals for LEVERAGE)

A stage is a class with `INPUT` and `OUTPUT` schemas, `process(batch)`, `snapshot()` and `restore(bytes)`. It is deterministic and knows no
time but the market time in its rows; the rules are in `dolphin`, a stage only turns batches into arrays and back.
"""
