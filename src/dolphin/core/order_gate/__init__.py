"""The order gate: which orders may leave, how large, and which must be taken back.

Pure and total: integers in, values out, no exception on any input. Read `table` (what each posture permits), then `admission` (one
order against it), then `exposure` (what is held and working, from admissions and fills).
"""

from dolphin.core.order_gate.admission import Allow, Clip, Decision, Deny, DenyReason, Limits, Order, Standing, decide
from dolphin.core.order_gate.exposure import Exposure, Working, admit, cancels, cancels_over_cap, close, fill, flatten, replace
from dolphin.core.order_gate.table import TABLE, PostureRule, Style, WorkingRule

__all__ = [
    "TABLE",
    "Allow",
    "Clip",
    "Decision",
    "Deny",
    "DenyReason",
    "Exposure",
    "Limits",
    "Order",
    "PostureRule",
    "Standing",
    "Style",
    "Working",
    "WorkingRule",
    "admit",
    "cancels",
    "cancels_over_cap",
    "close",
    "decide",
    "fill",
    "flatten",
    "replace",
]
