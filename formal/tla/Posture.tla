------------------------------ MODULE Posture ------------------------------
(***************************************************************************)
(* The posture of one account: what the governor does with each signal.    *)
(*                                                                         *)
(* A demand says how much risk the sensors would allow (R_cmd), whether    *)
(* they are ready to say so, and whether they find an invariant broken.    *)
(* From the demands the governor keeps                                     *)
(*   - R, which falls to R_cmd at once and rises by at most one step;      *)
(*   - the earned posture, by Schmitt thresholds on R; a fall may skip some  *)
(*     and happens at once, a rise moves one posture after a dwell;        *)
(*   - the latch: set by a broken invariant, from whoever reports it, and  *)
(*     released only by an operator while the last demand is ready and     *)
(*     has nothing broken;                                                 *)
(*   - the operator's ceiling: no milder posture is granted than this.     *)
(* Granted is the earned posture under the ceiling, and its cap; nothing   *)
(* at all while latched, not ready, or without a lease. A demand renews    *)
(* the lease, silence lets it run out.                                     *)
(*                                                                         *)
(* Latch, ceiling, earned posture and R (in whole units) are durable.      *)
(* The rest is lost when everything stops, and is then at its worst.       *)
(*                                                                         *)
(* R is coarse here: tenths for parts per million, one tenth a demand for  *)
(* 1 % a minute, the thresholds at the same places among the values. Code: *)
(* src/dolphin/core/control/posture.py (thresholds), governor.py (step),   *)
(* posture_gate.py (signals), and GovernorRule in the member.              *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS
    RMax,          \* R of a healthy system (ONE)
    Thresholds,         \* by posture 1..3: [below, above]: R under `below` falls to it, R over `above` leaves it for the next milder
    PostureCap,    \* by posture 0..3: most leverage
    Gain,          \* leverage per unit of R (6x / ONE)
    Dwell,         \* demands in a posture before a rise
    LeaseTicks     \* ticks that a grant lasts without a demand

APEX == 0
STALKER == 1
TURTLE == 2
HIBERNATE == 3
Postures == {APEX, STALKER, TURTLE, HIBERNATE}     \* a larger number is more restrictive

ASSUME
    /\ \A p \in Postures \ {APEX} : Thresholds[p].below <= Thresholds[p].above /\ Thresholds[p].above < RMax
    /\ \A p \in {STALKER, TURTLE} : Thresholds[p + 1].above < Thresholds[p].below
    /\ \A p \in Postures \ {APEX} : PostureCap[p] <= PostureCap[p - 1]
    /\ Dwell > 0 /\ LeaseTicks > 0

VARIABLES
    started,       \* the sensors were ready once, or something was broken; before that there is nothing to recover from
    ready,         \* the last demand was
    broken,        \* the last demand named something broken
    latched,
    r,             \* R
    posture,       \* earned
    dwelt,         \* demands since the posture changed, up to Dwell
    ceiling,       \* the mildest posture that the operator allows
    lease,         \* ticks left
    kept           \* the durable copy: what a restart finds

vars == <<started, ready, broken, latched, r, posture, dwelt, ceiling, lease, kept>>

-----------------------------------------------------------------------------
Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b

\* The most restrictive posture whose threshold R is under, never a milder one than p.
Fallen(p, value) ==
    Max(p, CHOOSE q \in Postures :
            /\ q = APEX \/ value < Thresholds[q].below
            /\ \A s \in Postures : s > q => ~(value < Thresholds[s].below))

\* One milder, if R is above the threshold and the dwell is over.
Risen(p, value, time) == IF p > APEX /\ value > Thresholds[p].above /\ time >= Dwell THEN p - 1 ELSE p

\* Where to start: the mildest posture that a rise from HIBERNATE would reach.
RECURSIVE First(_, _)
First(p, value) == IF p > APEX /\ value > Thresholds[p].above THEN First(p - 1, value) ELSE p

Damped(command) == IF command <= r THEN command ELSE Min(command, r + 1)

\* What is in force.
IsGranted == ready /\ ~latched /\ lease > 0
GrantedPosture == IF IsGranted THEN Max(posture, ceiling) ELSE HIBERNATE
Cap == IF IsGranted THEN Min(PostureCap[GrantedPosture], Gain * r) ELSE 0

-----------------------------------------------------------------------------
Keep == kept' = [started |-> started', latched |-> latched', r |-> r', posture |-> posture', ceiling |-> ceiling']

Init ==
    /\ started = FALSE /\ ready = FALSE /\ broken = FALSE /\ latched = FALSE
    /\ r = 0 /\ posture = HIBERNATE /\ dwelt = 0 /\ ceiling = APEX /\ lease = 0
    /\ kept = [started |-> FALSE, latched |-> FALSE, r |-> 0, posture |-> HIBERNATE, ceiling |-> APEX]

LatchAfter(isBroken) == latched \/ isBroken

Latch == latched' = TRUE /\ started' = TRUE /\ r' = 0 /\ posture' = HIBERNATE /\ dwelt' = 0

\* The next demand of a governor that has a history: this is where R and the posture move.
Move(command) ==
    LET after == Damped(command)
        fallen == Fallen(posture, after)
        moved == IF fallen /= posture THEN fallen ELSE Risen(posture, after, dwelt)
    IN  /\ r' = after
        /\ posture' = moved
        /\ dwelt' = IF moved = posture THEN Min(dwelt + 1, Dwell) ELSE 0
        /\ UNCHANGED <<started, latched>>

Start(command) ==
    /\ started' = TRUE /\ r' = command /\ posture' = First(HIBERNATE, command) /\ dwelt' = 0
    /\ UNCHANGED latched

Demand(command, isReady, isBroken) ==
    /\ ready' = isReady
    /\ broken' = isBroken
    /\ lease' = LeaseTicks
    /\ UNCHANGED ceiling
    /\ IF LatchAfter(isBroken) THEN Latch
       ELSE IF ~isReady THEN latched' = FALSE /\ dwelt' = 0 /\ UNCHANGED <<started, r, posture>>
       ELSE IF ~started THEN Start(command)
       ELSE Move(command)
    /\ Keep

\* Somebody else (ledger, agent, supervisor) reports a broken invariant.
Broken == Latch /\ UNCHANGED <<ready, broken, ceiling, lease>> /\ Keep

MayRelease == ready /\ ~broken

Release ==
    /\ latched /\ MayRelease
    /\ latched' = FALSE /\ dwelt' = 0
    /\ UNCHANGED <<started, ready, broken, r, posture, ceiling, lease>>
    /\ Keep

Force(p) ==
    /\ p /= ceiling
    /\ ceiling' = p
    /\ UNCHANGED <<started, ready, broken, latched, r, posture, dwelt, lease>>
    /\ Keep

\* Nobody demands anything for a while.
Silence ==
    /\ lease > 0
    /\ lease' = lease - 1
    /\ UNCHANGED <<started, ready, broken, latched, r, posture, dwelt, ceiling, kept>>

\* What comes back from the database.
Restored == kept

\* Everything stops and starts again. How long the posture had been dwelt in may have been written down long ago.
Restart ==
    /\ started' = Restored.started /\ latched' = Restored.latched
    /\ posture' = Restored.posture /\ ceiling' = Restored.ceiling
    /\ r' = Restored.r
    /\ dwelt' \in 0..dwelt
    /\ broken' \in BOOLEAN
    /\ ready' = FALSE /\ lease' = 0
    /\ UNCHANGED kept

Next ==
    \/ \E command \in 0..RMax, isReady, isBroken \in BOOLEAN : Demand(command, isReady, isBroken)
    \/ Broken \/ Release \/ Silence \/ Restart
    \/ \E p \in Postures : Force(p)

-----------------------------------------------------------------------------
(* What is claimed. Thresholds are spelled out again here, so that a wrong *)
(* `Fallen` or `Risen` is seen. Claims on rises are on the earned posture: *)
(* what is granted comes back as a whole when a silence ends or an         *)
(* operator lifts the ceiling.                                             *)

TypeOK ==
    /\ r \in 0..RMax /\ {posture, ceiling} \subseteq Postures /\ dwelt \in 0..Dwell /\ lease \in 0..LeaseTicks
    /\ {started, ready, broken, latched} \subseteq BOOLEAN

LatchedIsZero == latched => Cap = 0 /\ GrantedPosture = HIBERNATE

NotReadyIsZero == ~ready => Cap = 0

SilentIsZero == lease = 0 => Cap = 0

CapWithinPostureAndR == Cap <= PostureCap[GrantedPosture] /\ Cap <= Gain * r

NeverAboveTheCeiling == GrantedPosture >= ceiling /\ Cap <= PostureCap[ceiling]

NeverAboveTheEarned == GrantedPosture >= posture

\* What decides about safety is on disk: a restart cannot be milder than what was in force.
RestartIsNotMilder ==
    /\ latched => kept.latched
    /\ kept.ceiling = ceiling /\ kept.posture >= posture /\ kept.r <= r
    /\ started => kept.started

\* A latch ends only by an operator's release, with nothing broken in the last demand.
OnlyReleaseUnlatches == [][latched /\ ~latched' => Release /\ ready /\ ~broken]_vars

RiseIsOneStep == [][started /\ posture' < posture => posture' = posture - 1]_vars

RiseKeepsTheDwell == [][started /\ posture' < posture => dwelt >= Dwell]_vars

\* No change of posture inside a hysteresis band, except to HIBERNATE by the latch.
NoChatter ==
    [][started =>
        /\ posture' < posture => r' > Thresholds[posture].above
        /\ posture' > posture => r' < Thresholds[posture'].below \/ latched']_vars

\* When R has fallen under the threshold of a posture, that posture or a more restrictive one holds.
FallIsAtOnce == [][\A p \in Postures \ {APEX} : r' < r /\ r' < Thresholds[p].below => posture' >= p]_vars

RRisesSlowly == [][started /\ r' > r => r' = r + 1]_vars

-----------------------------------------------------------------------------
(* Liveness. Good inputs, from some moment on: demands are ready, at their *)
(* best and with nothing broken, nothing restarts, and an operator lifts   *)
(* what holds the posture down.                                            *)

Healthy == Demand(RMax, TRUE, FALSE)
Lift == Force(APEX)

Good == Healthy \/ Release \/ Lift

Spec == Init /\ [][Next]_vars /\ WF_vars(Healthy) /\ SF_vars(Release) /\ WF_vars(Lift)

FullRecovery == (<>[][Good]_vars) => <>[](GrantedPosture = APEX /\ Cap = PostureCap[APEX])

-----------------------------------------------------------------------------
(* Witnesses that the claims are about something: each must be violated.   *)

ApexIsNeverGranted == GrantedPosture /= APEX
AFallNeverSkips == [][posture' > posture => posture' = posture + 1]_vars
=============================================================================
