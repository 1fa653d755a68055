----------------------------- MODULE TraceData -----------------------------
(* A trace, as src/dolphin/assurance/trace/module.py writes it: an agent takes the   *)
(* ledger's row, hears a command for the account and for one asset, and    *)
(* has an order filled that stands on both.                                *)
EXTENDS Integers

Account == "key0"
EventKeys == {"key0", "key1"}
Events == <<
    [event |-> "epoch", at |-> 1, epoch |-> 3],
    [event |-> "command", at |-> 2, key |-> "key0", latched |-> FALSE,
     command |-> [epoch |-> 1, seq |-> 1, cap |-> 6000000, expires |-> 4, posture |-> "APEX"]],
    [event |-> "posture", at |-> 2, posture |-> "APEX"],
    [event |-> "command", at |-> 2, key |-> "key1", latched |-> FALSE,
     command |-> [epoch |-> 1, seq |-> 1, cap |-> 6000000, expires |-> 4, posture |-> "APEX"]],
    [event |-> "admitted", at |-> 3, id |-> 1,
     terms |-> [key0 |-> [epoch |-> 1, seq |-> 1, cap |-> 6000000, exposure |-> 100],
                key1 |-> [epoch |-> 1, seq |-> 1, cap |-> 6000000, exposure |-> 100]]],
    [event |-> "intent", at |-> 3, id |-> 1],
    [event |-> "over", at |-> 3, id |-> 1]
>>
=============================================================================
