----------------------------- MODULE Inventory -----------------------------
(***************************************************************************)
(* One inventory (a trading account), several worker processes that want   *)
(* to trade it.                                                            *)
(*                                                                         *)
(* A worker may trade while two independent rights hold:                   *)
(*   - the ledger's lease row names its epoch. Taking the row raises the   *)
(*     epoch, and the database refuses every write that carries an old     *)
(*     one. This is what makes it the only writer.                         *)
(*   - it holds an unexpired leverage lease for every key that its order   *)
(*     needs (the account, and the asset). The leases arrive as absolute   *)
(*     commands over a wire that delays, loses, repeats and reorders.      *)
(* A new order is decided from what the worker believes, then written to   *)
(* the ledger as an intent; only a written intent leaves for the venue.    *)
(* Workers crash, pause for any length of time, and wake up again with a   *)
(* decision in their hands that was right when it was made.                *)
(*                                                                         *)
(* What is claimed: there are never two writers; an old epoch is refused;  *)
(* no order is above the cap in force at its lease, counted on what the    *)
(* account truly holds. And if the inputs turn good, somebody trades again *)
(* (`InventoryForever`).                                                   *)
(*                                                                         *)
(* The same actions judge the trace of a real run (`InventoryTrace`): they *)
(* take what happened as parameters, so that here TLC picks it and there   *)
(* the trace does. Code: dolphin/trading/entitlement.py, dolphin/trading/desk.py,              *)
(* src/dolphin/core/control/lease.py, src/dolphin/storage/sqlite.py.             *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Workers,       \* the processes that may trade the account
    Keys,          \* the leverage leases that an order can need
    Caps,          \* the caps that may be granted, in units of exposure
    OrderIds,      \* names for orders
    LeaseTicks,    \* how long a command may be believed
    ClockLag,      \* the most by which a worker's clock runs behind
    None           \* a value unlike any other

ASSUME /\ Caps \subseteq Nat /\ LeaseTicks \in Nat \ {0} /\ ClockLag \in Nat

VARIABLES
    now,           \* market time
    row,           \* the epoch in the ledger's lease row
    ledger,        \* what is booked: names used, orders open, exposure by key
    worker,        \* what each process believes
    authority,     \* by key: the newest command (the LEVERAGE map)
    wire,          \* commands under way to the workers
    wrote          \* the intent that the last step wrote, and what held then; None if it wrote none

vars == <<now, row, ledger, worker, authority, wire, wrote>>

-----------------------------------------------------------------------------
(* The rules. Each is a named operator, so that a mutant can replace it.   *)

\* A command replaces another of its key only if its (epoch, seq) is newer.
Newer(new, old) ==
    IF old = None THEN TRUE
    ELSE IF new.epoch = old.epoch THEN new.seq > old.seq
    ELSE new.epoch > old.epoch

\* A lease is believed until it expires, by the worker's own clock.
LeaseHolds(w, command) ==
    IF command = None THEN FALSE ELSE now < command.expires + worker[w].lag

\* What a worker keeps of a lease that has run out: enough to know what is older.
Ended(command) == [command EXCEPT !.cap = 0, !.expires = 0]

Within(exposure, cap) == exposure <= cap

\* The database's fence.
MayWrite(w) == worker[w].epoch = row

NextEpoch(epoch) == epoch + 1

\* A name is used once.
IsFresh(id) == id \notin ledger.used

\* The exposure that a new writer starts from: what the ledger says.
Inherited == ledger.exposure

-----------------------------------------------------------------------------
Down == [up |-> FALSE, epoch |-> 0, lag |-> 0, shut |-> FALSE, pending |-> None,
         held |-> [k \in Keys |-> None], exposure |-> [k \in Keys |-> 0]]

InitAt(epoch) ==
    /\ now = 0
    /\ row = epoch
    /\ ledger = [used |-> {}, open |-> {}, exposure |-> [k \in Keys |-> 0]]
    /\ worker = [w \in Workers |-> Down]
    /\ authority = [k \in Keys |-> None]
    /\ wire = {}
    /\ wrote = None

Init == InitAt(0)

\* A step that leaves `these` as they are and writes no intent.
Quietly(these) == wrote' = None /\ UNCHANGED these

Advance(time) ==
    /\ time > now
    /\ now' = time
    /\ Quietly(<<row, ledger, worker, authority, wire>>)

-----------------------------------------------------------------------------
(* The authority's side.                                                   *)

\* A new command for key k.
Issue(k, command) ==
    /\ authority' = [authority EXCEPT ![k] = command]
    /\ wire' = wire \cup {<<k, command>>}
    /\ Quietly(<<now, row, ledger, worker>>)

Lose(message) ==
    /\ message \in wire
    /\ wire' = wire \ {message}
    /\ Quietly(<<now, row, ledger, worker, authority>>)

-----------------------------------------------------------------------------
(* The worker's side.                                                      *)

\* Starts with nothing but the ledger: no lease survives a restart.
TakeEpoch(w, lag) ==
    /\ ~worker[w].up
    /\ row' = NextEpoch(row)
    /\ worker' = [worker EXCEPT ![w] = [Down EXCEPT !.up = TRUE, !.epoch = row', !.lag = lag, !.exposure = Inherited]]
    /\ Quietly(<<now, ledger, authority, wire>>)

Crash(w) ==
    /\ worker[w].up
    /\ worker' = [worker EXCEPT ![w] = Down]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

\* A command that came over the wire, or was read again from the map. It stays on the wire: it may come twice.
Apply(w, k, command) ==
    /\ worker[w].up
    /\ <<k, command>> \in wire \/ command = authority[k]
    /\ Newer(command, worker[w].held[k])
    /\ worker' = [worker EXCEPT ![w].held[k] = command]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

\* The worker notices that a lease has run out.
EndLease(w, k) ==
    /\ worker[w].up
    /\ worker[w].held[k] /= None
    /\ worker[w].held[k].expires > 0
    /\ ~LeaseHolds(w, worker[w].held[k])
    /\ worker' = [worker EXCEPT ![w].held[k] = Ended(@)]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

\* The worker stops believing anything (silence, damage, the end of the run), and believes again what has not run out.
Shut(w) ==
    /\ worker[w].up /\ ~worker[w].shut
    /\ worker' = [worker EXCEPT ![w].shut = TRUE]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

Reopen(w) ==
    /\ worker[w].up /\ worker[w].shut
    /\ worker' = [worker EXCEPT ![w].shut = FALSE]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

\* What an order takes from the lease that it is decided under.
Terms(command) == [cap |-> command.cap, expires |-> command.expires]

\* An order that adds exposure names the keys it needs; an exit names none, and so needs no lease.
MayDecide(w, order) ==
    \A k \in order.keys :
        /\ ~worker[w].shut
        /\ LeaseHolds(w, worker[w].held[k])
        /\ order.cap[k] <= worker[w].held[k].cap
        /\ Within(order.after[k], order.cap[k])

Decide(w, order) ==
    /\ worker[w].up
    /\ worker[w].pending = None
    /\ MayDecide(w, order)
    /\ worker' = [worker EXCEPT ![w].pending =
                    [order |-> order, at |-> now, leases |-> [k \in order.keys |-> Terms(worker[w].held[k])]]]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

Refused(w) ==
    /\ ~MayWrite(w)
    /\ worker' = [worker EXCEPT ![w] = Down]
    /\ Quietly(<<now, row, ledger, authority, wire>>)

\* The intent reaches the disk; from here on the order can be at the venue.
Accepted(w) ==
    LET pending == worker[w].pending
        order == pending.order
        grown(exposure) == [k \in Keys |-> exposure[k] + IF k \in order.keys THEN order.size ELSE 0]
    IN  /\ MayWrite(w)
        /\ IsFresh(order.id)
        /\ ledger' = [used |-> ledger.used \cup {order.id}, open |-> ledger.open \cup {order}, exposure |-> grown(ledger.exposure)]
        /\ worker' = [worker EXCEPT ![w].pending = None, ![w].exposure = grown(@)]
        /\ wrote' = [order |-> order, at |-> pending.at, leases |-> pending.leases,
                    lag |-> worker[w].lag, epoch |-> worker[w].epoch, row |-> row, exposure |-> grown(ledger.exposure)]
        /\ UNCHANGED <<now, row, authority, wire>>

Commit(w) == worker[w].up /\ worker[w].pending /= None /\ (Accepted(w) \/ Refused(w))

\* An order that the order gate denied is booked too: its name is used, nothing is open.
Deny(w, id) ==
    /\ worker[w].up /\ worker[w].pending = None
    /\ \/ /\ MayWrite(w)
          /\ IsFresh(id)
          /\ ledger' = [ledger EXCEPT !.used = @ \cup {id}]
          /\ Quietly(<<now, row, worker, authority, wire>>)
       \/ Refused(w)

\* The venue said what became of an order, and its exposure is over.
Close(w, order) ==
    LET shrunk(exposure) == [k \in Keys |-> exposure[k] - IF k \in order.keys THEN order.size ELSE 0]
    IN  /\ worker[w].up /\ worker[w].pending = None
        /\ order \in ledger.open
        /\ \/ /\ MayWrite(w)
              /\ ledger' = [ledger EXCEPT !.open = @ \ {order}, !.exposure = shrunk(@)]
              /\ worker' = [worker EXCEPT ![w].exposure = shrunk(@)]
              /\ Quietly(<<now, row, authority, wire>>)
           \/ Refused(w)

-----------------------------------------------------------------------------
(* What TLC explores: the next command of a key, of the present epoch or   *)
(* of a new one (the map was lost); an order of one unit under all keys.   *)

NextCommands(k, cap) ==
    LET command(epoch, seq) == [epoch |-> epoch, seq |-> seq, cap |-> cap, expires |-> now + LeaseTicks]
        newest == authority[k]
    IN  IF newest = None THEN {command(1, 1)}
        ELSE {command(newest.epoch, newest.seq + 1), command(newest.epoch + 1, 1)}

Reachable(k) == {message[2] : message \in {m \in wire : m[1] = k}} \cup ({authority[k]} \ {None})

OneMore(w, id) ==
    [id |-> id, keys |-> Keys, size |-> 1,
     cap |-> [k \in Keys |-> IF worker[w].held[k] = None THEN 0 ELSE worker[w].held[k].cap],
     after |-> [k \in Keys |-> worker[w].exposure[k] + 1]]

Next ==
    \/ Advance(now + 1)
    \/ \E k \in Keys, cap \in Caps : \E command \in NextCommands(k, cap) : Issue(k, command)
    \/ \E message \in wire : Lose(message)
    \/ \E w \in Workers :
        \/ \E lag \in 0..ClockLag : TakeEpoch(w, lag)
        \/ Crash(w) \/ Shut(w) \/ Reopen(w) \/ Commit(w)
        \/ \E k \in Keys : EndLease(w, k) \/ \E command \in Reachable(k) : Apply(w, k, command)
        \/ \E id \in OrderIds : Decide(w, OneMore(w, id)) \/ Deny(w, id)
        \/ \E order \in ledger.open : Close(w, order)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* What is claimed.                                                        *)

TypeOK ==
    /\ now \in Nat /\ row \in Nat
    /\ ledger.used \subseteq OrderIds /\ ledger.exposure \in [Keys -> Nat]
    /\ \A w \in Workers : worker[w].up \in BOOLEAN /\ worker[w].epoch \in Nat /\ worker[w].exposure \in [Keys -> Nat]
    /\ \A message \in wire : message[1] \in Keys /\ message[2].cap \in Caps

\* Never two whose writes the ledger would take.
OneWriter == Cardinality({w \in Workers : worker[w].up /\ MayWrite(w)}) <= 1

\* What was written was written under the epoch of the row.
OldEpochIsRefused == wrote /= None => wrote.epoch = wrote.row

\* The true exposure after an order is within the cap that it names, and that cap is no more than its lease granted.
NeverAboveCap ==
    wrote /= None => \A k \in wrote.order.keys :
        wrote.exposure[k] <= wrote.order.cap[k] /\ wrote.order.cap[k] <= wrote.leases[k].cap

\* The lease that an order was decided under had not run out, up to the lag of the worker's clock.
LeaseHeld == wrote /= None => \A k \in wrote.order.keys : wrote.at < wrote.leases[k].expires + wrote.lag

\* The writer knows what is booked.
WriterKnowsTheLedger == \A w \in Workers : worker[w].up /\ worker[w].epoch = row => worker[w].exposure = ledger.exposure

\* What a worker believes is replaced by newer commands only (stated without `Newer`); a lease that has ended does not come back.
OnlyNewerIsApplied ==
    [][\A w \in Workers, k \in Keys :
        LET before == worker[w].held[k]
            after == worker'[w].held[k]
        IN  \/ after \in {before, None}
            \/ before = None
            \/ after = Ended(before)
            \/ after.epoch > before.epoch
            \/ after.epoch = before.epoch /\ after.seq > before.seq]_vars

=============================================================================
