--------------------------- MODULE InventoryTrace ---------------------------
(***************************************************************************)
(* Is a trace of a real agent a behaviour of Inventory?                    *)
(*                                                                         *)
(* Each event of the trace allows just the action of Inventory that it     *)
(* stands for, with what the event says as parameters. What the agent      *)
(* cannot see is filled in: a command was issued before it came, and time  *)
(* passed until the event. If the trace can be followed to its end, the    *)
(* specification allows it, and TLC says so by violating `NotAccepted`. If *)
(* it cannot, TLC comes to a standstill (a deadlock) at the event that     *)
(* departs from the specification.                                         *)
(*                                                                         *)
(* The trace is the module TraceData, which `dolphin trace check` writes    *)
(* anew; the one in this folder is an example. (It is a module and not a   *)
(* constant, because TLC evaluates such a definition once.)                *)
(*                                                                         *)
(* Times are ranks (only their order decides), exposures and caps are      *)
(* parts per million of the equity.                                        *)
(***************************************************************************)
EXTENDS Inventory, TraceData, Sequences, TLC

CONSTANT Agent   \* the one worker that wrote the trace

VARIABLES
    next,        \* the event to be followed
    steps        \* taken so far

Event == Events[next]

\* What the agent sees as the account's posture.
SeenPosture ==
    LET command == worker[Agent].held[Account]
    IN  IF worker[Agent].shut \/ ~LeaseHolds(Agent, command) THEN "HIBERNATE" ELSE command.posture

\* The terms of an order name the commands that are held now.
StandsOn(terms) == \A k \in DOMAIN terms :
    LET command == worker[Agent].held[k]
    IN  IF command = None THEN FALSE ELSE command.epoch = terms[k].epoch /\ command.seq = terms[k].seq

\* Entries in APEX or STALKER only.
Permits(terms) == DOMAIN terms = {} \/ SeenPosture \in {"APEX", "STALKER"}

Order(id, terms) ==
    [id |-> id, keys |-> DOMAIN terms, size |-> 0,
     cap |-> [k \in DOMAIN terms |-> terms[k].cap], after |-> [k \in DOMAIN terms |-> terms[k].exposure]]

OpenOrders(id) == {order \in ledger.open : order.id = id}

Unchanged == Quietly(<<now, row, ledger, worker, authority, wire>>)

IsAllowed(event) == IF event.event = "command" /\ event.latched THEN event.command.cap = 0 ELSE TRUE

Follow ==
    CASE Event.event = "epoch" -> TakeEpoch(Agent, 0) /\ row' = Event.epoch
      [] Event.event = "command" -> IsAllowed(Event) /\ Apply(Agent, Event.key, Event.command)
      [] Event.event = "lease_end" ->
            StandsOn(Event.key :> Event) /\ EndLease(Agent, Event.key)
      [] Event.event = "shut" -> Shut(Agent)
      [] Event.event = "reopened" -> Reopen(Agent)
      [] Event.event = "posture" -> worker[Agent].up /\ Event.posture = SeenPosture /\ Unchanged
      [] Event.event = "admitted" ->
            StandsOn(Event.terms) /\ Permits(Event.terms) /\ Decide(Agent, Order(Event.id, Event.terms))
      [] Event.event = "intent" ->
            /\ worker[Agent].pending /= None
            /\ worker[Agent].pending.order.id = Event.id
            /\ Accepted(Agent)
      [] Event.event = "denied" -> Deny(Agent, Event.id)
      [] Event.event = "replaced" ->
            /\ OpenOrders(Event.id) /= {} /\ StandsOn(Event.terms) /\ Permits(Event.terms)
            /\ MayDecide(Agent, Order(Event.id, Event.terms)) /\ Unchanged
      [] Event.event = "fill" -> OpenOrders(Event.id) /= {} /\ Unchanged
      [] Event.event = "over" -> \E order \in OpenOrders(Event.id) : Close(Agent, order)

\* What the agent did not see, in one order only: messages that were read are off the wire, time comes to the event, the command is issued.
Before ==
    IF wire /= {} THEN \E message \in wire : Lose(message)
    ELSE IF Event.at > now THEN Advance(Event.at)
    ELSE Issue(Event.key, Event.command)

NeedsBefore == wire /= {} \/ Event.at > now \/ (Event.event = "command" /\ authority[Event.key] /= Event.command)

TraceInit == InitAt(IF Events[1].event = "epoch" THEN Events[1].epoch - 1 ELSE 0) /\ next = 1 /\ steps = 0

TraceNext ==
    /\ next <= Len(Events)
    /\ steps' = steps + 1
    /\ IF NeedsBefore THEN Before /\ UNCHANGED next ELSE Follow /\ next' = next + 1

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, next, steps>>

\* Violated by a trace that is followed to its end.
NotAccepted == next <= Len(Events)

\* What tells one state of the one behaviour from another, and what TLC prints of it.
Progress == [next |-> next, steps |-> steps]
=============================================================================
