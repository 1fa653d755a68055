-------------------------- MODULE InventoryBounded --------------------------
(* Inventory with absolute time and numbers, cut off at stated bounds.     *)
EXTENDS Inventory, TLC

CONSTANTS MaxTime, MaxEpoch, MaxCommands, MaxWire

Bounded ==
    /\ now <= MaxTime
    /\ row <= MaxEpoch
    /\ Cardinality(wire) <= MaxWire
    /\ \A k \in Keys : authority[k] /= None => authority[k].epoch + authority[k].seq <= MaxCommands + 1

Alike == Permutations(Workers)
=============================================================================
