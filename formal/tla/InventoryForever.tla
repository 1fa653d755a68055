-------------------------- MODULE InventoryForever --------------------------
(***************************************************************************)
(* Inventory without an end: any number of crashes, takeovers, commands    *)
(* and ticks, in finitely many states. Only the order of epochs, of        *)
(* (epoch, seq) and of times decides anything, so the three steps that     *)
(* make a new number count the old ones anew: a tick brings every expiry   *)
(* nearer to 0, which is always now; a new epoch or command turns the      *)
(* numbers that are still around into their ranks. Names of finished       *)
(* orders are free again (`IsNotOpen` replaces `IsFresh`): real names      *)
(* contain the writer's epoch and never repeat.                            *)
(*                                                                         *)
(* Here liveness is checked. Good inputs, from some moment on: every tick  *)
(* brings a command with a cap above zero that reaches every living worker *)
(* within the tick, nobody crashes, and a worker is started only where     *)
(* there is no writer. Then somebody writes again, and again for ever,     *)
(* whatever happened before.                                               *)
(***************************************************************************)
EXTENDS Inventory

CONSTANT MaxWire  \* messages that can be under way at once; what is beyond is lost

VARIABLE calm     \* the inputs are good from here on

ASSUME ClockLag = 0

IsNotOpen(id) == id \notin {order.id : order \in ledger.open}

-----------------------------------------------------------------------------
Rank(x, all) == Cardinality({y \in all : 0 < y /\ y <= x})

\* One tick passes. A lease that runs out by it is as one that was noticed to have.
Aged(command) ==
    IF command = None THEN None
    ELSE IF command.expires <= 1 THEN Ended(command)
    ELSE [command EXCEPT !.expires = @ - 1]

Pass ==
    /\ authority' = [k \in Keys |-> Aged(authority[k])]
    /\ wire' = {<<m[1], Aged(m[2])>> : m \in wire}
    /\ worker' = [w \in Workers |-> [worker[w] EXCEPT !.held = [k \in Keys |-> Aged(@[k])]]]
    /\ Quietly(<<now, row, ledger>>)

Renumbered(command, all) ==
    IF command = None THEN None
    ELSE [command EXCEPT !.epoch = Rank(@, {c.epoch : c \in all}),
                         !.seq = Rank(@, {c.seq : c \in {d \in all : d.epoch = command.epoch}})]

IssueNext(k, command) ==
    LET all == Reachable(k) \cup {command} \cup ({worker[w].held[k] : w \in Workers} \ {None})
        onwire == {IF m[1] = k THEN <<k, Renumbered(m[2], all)>> ELSE m : m \in wire \cup {<<k, command>>}}
    IN  /\ authority' = [authority EXCEPT ![k] = Renumbered(command, all)]
        /\ worker' = [w \in Workers |-> [worker[w] EXCEPT !.held[k] = Renumbered(@, all)]]
        /\ \E kept \in SUBSET onwire :
            /\ Cardinality(kept) = IF Cardinality(onwire) > MaxWire THEN MaxWire ELSE Cardinality(onwire)
            /\ wire' = kept
        /\ Quietly(<<now, row, ledger>>)

TakeNextEpoch(w) ==
    LET next == NextEpoch(row)
        all == {next} \cup {worker[v].epoch : v \in Workers}
    IN  /\ ~worker[w].up
        /\ row' = Rank(next, all)
        /\ worker' = [v \in Workers |->
                        IF v = w THEN [Down EXCEPT !.up = TRUE, !.epoch = row', !.exposure = Inherited]
                        ELSE [worker[v] EXCEPT !.epoch = Rank(@, all)]]
        /\ Quietly(<<now, ledger, authority, wire>>)

Anything ==
    \/ Pass
    \/ \E k \in Keys, cap \in Caps : \E command \in NextCommands(k, cap) : IssueNext(k, command)
    \/ \E message \in wire : Lose(message)
    \/ \E w \in Workers :
        \/ TakeNextEpoch(w) \/ Crash(w) \/ Commit(w)
        \/ \E k \in Keys : \E command \in Reachable(k) : Apply(w, k, command)
        \/ \E id \in OrderIds : Decide(w, OneMore(w, id))
        \/ \E order \in ledger.open : Close(w, order)

-----------------------------------------------------------------------------
NobodyWrites == ~\E w \in Workers : worker[w].up /\ MayWrite(w)

\* Everybody alive has heard this tick's command.
AllHeard == \A k \in Keys : /\ authority[k] /= None /\ authority[k].expires = LeaseTicks
                            /\ \A w \in Workers : worker[w].up => worker[w].held[k] = authority[k]

Renew(k) == \E cap \in Caps \ {0} : \E command \in NextCommands(k, cap) :
    /\ IF authority[k] = None THEN TRUE ELSE command.epoch = authority[k].epoch
    /\ IssueNext(k, command)
Hear(w) == \E k \in Keys : authority[k] /= None /\ Apply(w, k, authority[k])
Replace == NobodyWrites /\ \E w \in Workers : TakeNextEpoch(w)
Decides == \E w \in Workers, id \in OrderIds : Decide(w, OneMore(w, id))
Commits == \E w \in Workers : Commit(w)
Closes == \E w \in Workers, order \in ledger.open : Close(w, order)

Good ==
    \/ AllHeard /\ Pass
    \/ \E k \in Keys : Renew(k)
    \/ Replace \/ Decides \/ Commits \/ Closes
    \/ \E w \in Workers, k \in Keys : \E command \in Reachable(k) : Apply(w, k, command)

InitForever == Init /\ calm = FALSE

\* For the claims on states alone.
AnythingForever == Anything /\ UNCHANGED calm

\* At some moment, or never, the inputs turn good for ever.
NextForever ==
    \/ ~calm /\ AnythingForever
    \/ ~calm /\ calm' = TRUE /\ UNCHANGED vars
    \/ calm /\ Good /\ UNCHANGED calm

InTheCalm(action) == calm /\ action /\ UNCHANGED calm

Fairness ==
    /\ \A k \in Keys : WF_vars(InTheCalm(Renew(k)))
    /\ \A w \in Workers : WF_vars(InTheCalm(Hear(w)))
    /\ WF_vars(InTheCalm(Replace)) /\ WF_vars(InTheCalm(Commits)) /\ WF_vars(InTheCalm(Closes))
    /\ SF_vars(InTheCalm(Decides))

SpecForever == InitForever /\ [][NextForever]_<<vars, calm>> /\ Fairness

\* An order is taken by the ledger after every moment of the calm.
SomebodyWritesAgain == calm ~> wrote /= None

=============================================================================
