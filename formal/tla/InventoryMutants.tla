------------------------- MODULE InventoryMutants -------------------------
(* Wrong versions of single rules of Inventory. The tests put one of them  *)
(* in the place of the rule and TLC has to find the claim that it breaks.  *)
EXTENDS Inventory, Integers

\* The database takes every write.
AnyEpochMayWrite(w) == TRUE

\* Taking the row does not raise its epoch.
SameEpoch(epoch) == IF epoch = 0 THEN 1 ELSE epoch

\* A lease is believed for ever.
EveryLeaseHolds(w, command) == command /= None

\* The cap is not looked at.
AnythingIsWithin(exposure, cap) == TRUE

\* A new writer believes that the account is flat.
NothingInherited == [k \in Keys |-> 0]

\* A new writer believes that it owes something.
LessThanNothingInherited == [k \in Keys |-> 0 - 1]

\* What a worker has heard once is never replaced, so its lease is never renewed.
NothingIsNewer(new, old) == old = None

\* Whatever comes is applied.
EverythingIsNewer(new, old) == TRUE
=============================================================================
