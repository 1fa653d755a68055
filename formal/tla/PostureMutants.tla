--------------------------- MODULE PostureMutants ---------------------------
(* Wrong versions of single rules of Posture; see InventoryMutants.        *)
EXTENDS PostureModel

\* The latch lasts as long as its cause.
LatchFollowsTheDemand(isBroken) == isBroken

\* An operator may release whatever the sensors say.
ReleaseAtAnyTime == TRUE

\* The operator's ceiling is granted, whatever else holds.
CeilingDespiteTheLatch == ceiling

\* Sensors that are not ready do not stop the grant.
GrantedWhileNotReady == ~latched /\ lease > 0

\* A grant has no end.
GrantedForEver == ready /\ ~latched

\* The posture's own cap is forgotten.
CapOfRAlone == IF IsGranted THEN Gain * r ELSE 0

\* The operator's ceiling is forgotten.
EarnedIsGranted == IF IsGranted THEN posture ELSE HIBERNATE

\* The operator's ceiling is granted although it is not earned.
CeilingIsGranted == IF IsGranted THEN ceiling ELSE HIBERNATE

\* The disk has no latch.
KeepsNoLatch == kept' = [started |-> started', latched |-> FALSE, r |-> r', posture |-> posture', ceiling |-> ceiling']

\* The disk has the posture of before.
KeepsTheOldPosture == kept' = [started |-> started', latched |-> latched', r |-> r', posture |-> posture, ceiling |-> ceiling']

\* A restart forgets the latch.
RestoredWithoutLatch == [kept EXCEPT !.latched = FALSE]

\* A restart begins a new history: the next posture is taken at once.
RestoredHigher == [kept EXCEPT !.posture = IF @ > APEX THEN APEX ELSE @]

\* A rise goes as far as R allows.
RisenAllTheWay(p, value, time) == IF time >= Dwell THEN First(p, value) ELSE p

\* A rise does not wait.
RisenAtOnce(p, value, time) == IF p > APEX /\ value > Thresholds[p].above THEN p - 1 ELSE p

\* A threshold without hysteresis: up where it falls.
RisenWithoutBand(p, value, time) == IF p > APEX /\ value >= Thresholds[p].below /\ time >= Dwell THEN p - 1 ELSE p

\* A fall moves one posture at a time.
FallenOneStep(p, value) == IF p < HIBERNATE /\ value < Thresholds[p + 1].below THEN p + 1 ELSE p

\* R recovers at once.
NotDamped(command) == command

\* R recovers beyond what the sensors allow.
Overshoots(command) == IF command <= r THEN command ELSE r + 20

\* APEX is not reached again.
NeverAboveStalker(p, value, time) == IF p > STALKER /\ value > Thresholds[p].above /\ time >= Dwell THEN p - 1 ELSE p
=============================================================================
