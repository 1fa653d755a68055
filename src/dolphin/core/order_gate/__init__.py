"""The order gate: which orders may leave, how large, and which must be taken back.

Pure and total: integers in, values out, no exception on any input. Read `table` (what each posture permits), then `admission` (one
order against it), then `exposure` (what is held and working, from admissions and fills).
"""

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate.admission import Allow, Clip, Decision, Deny, DenyReason, Limits, Order, Standing, decide
from dolphin.core.order_gate.exposure import Exposure, Working, admit, cancels, cancels_over_cap, close, fill, flatten, replace
from dolphin.core.order_gate.table import TABLE, PostureRule, Style, WorkingRule
from dolphin.core.units import ONE, ONE_E8, notional_micro

__all__ = [
    "ONE",
    "ONE_E8",
    "TABLE",
    "Allow",
    "Clip",
    "Decision",
    "Deny",
    "DenyReason",
    "Exposure",
    "Grant",
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
    "notional_micro",
    "replace",
]
