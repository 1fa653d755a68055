------------------------------ MODULE Leverage ------------------------------
(***************************************************************************)
(* One entry of the LEVERAGE map: signals in, commands out, on an owner    *)
(* with a backup and a database behind it, any of which can fail at any    *)
(* step.                                                                   *)
(*                                                                         *)
(* A source sends its signals in order, one at a time, and calls again     *)
(* until it has an answer. On the owner the call runs alone, in steps that *)
(* a crash can part: the rule makes the new value; if its durable part     *)
(* changed, the database takes it (write-through, fenced by the version);  *)
(* the memory takes it; the backup is sent the value itself. The answer is *)
(* given when the backup has confirmed. When anything on the way is in     *)
(* doubt, the caller evicts the entry and calls again, and the next touch  *)
(* reads the database. The cluster itself may also repeat a call whose     *)
(* owner died. A dead owner's statement may still reach the database late. *)
(*                                                                         *)
(* The durable part is what the sources voted (here: one cap each, the     *)
(* smallest is in force), with a version that counts its changes and the   *)
(* operation that made it. Renewals of the lease change only memory. So a  *)
(* value that comes from the database is a restart: its lease is over, and *)
(* its next command begins a new epoch, which is durable too.              *)
(*                                                                         *)
(* An accepted answer is published as a command, over a topic that loses,  *)
(* repeats and reorders; a consumer may also read the map at any time.     *)
(*                                                                         *)
(* What is claimed: no cut is lost, an effect happens once, backup and     *)
(* owner and database agree when all is quiet, numbers only ascend, and a  *)
(* consumer applies only newer commands and uses no expired lease. Every   *)
(* signal is answered in the end, and a consumer that hears nothing at all *)
(* ends with no more than the map grants.                                  *)
(*                                                                         *)
(* Code: jet/src/main/java/dolphin/jet/gates (rule, entry processor),      *)
(* .../gates/store (database), jet/.../sink (caller),                      *)
(* src/dolphin/core/control/command.py and lease.py (consumer).            *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Sources,       \* who sends signals
    Votes,         \* by source: the caps it votes for, in the order in which it sends them
    FullCap,       \* the cap before anybody voted
    LeaseTicks,    \* how long a signal may be believed
    MaxTime,       \* bound of the model: ticks while signals are sent
    MaxFailures,   \* bound of the model: deaths, lost backups, doubtful or failed stores
    None           \* a value unlike any other

ASSUME LeaseTicks > 0 /\ \A s \in Sources : \A n \in 1..Len(Votes[s]) : Votes[s][n] \in 0..FullCap

VARIABLES
    now,
    owner,         \* the entry in the owner's memory, or None
    backup,        \* the entry in the backup's memory, or None
    paired,        \* there is a backup
    stale,         \* the backup missed something, and the cluster knows
    database,      \* the row, or None
    late,          \* a dead owner's statement that has not reached the database, or None
    running,       \* the call that has the partition's thread, or None
    sent,          \* backup messages under way, in order
    call,          \* by source: where the call with its present signal stands
    done,          \* by source: how many of its signals were answered
    published,     \* every command that was published: each may arrive late, twice or never
    heard,         \* the command that the consumer has, or None
    failures

vars == <<now, owner, backup, paired, stale, database, late, running, sent, call, done, published, heard, failures>>

-----------------------------------------------------------------------------
(* Values. `times` stands for what the rule may not do twice (in the code: *)
(* clear counts, episodes, holds): how often each signal took effect.      *)

Signals == UNION {{<<s, n>> : n \in 1..Len(Votes[s])} : s \in Sources}

Blank == [version |-> 0, op |-> None, seqs |-> [s \in Sources |-> 0], votes |-> [s \in Sources |-> FullCap],
          times |-> [signal \in Signals |-> 0], epoch |-> 0, seq |-> 0, expires |-> 0, restored |-> TRUE]

\* What the next touch finds in the database.
Loaded == IF database = None THEN Blank ELSE [database EXCEPT !.expires = 0, !.restored = TRUE]

Present == IF owner = None THEN Loaded ELSE owner

Least(votes) == CHOOSE cap \in 0..FullCap : (\E s \in Sources : votes[s] = cap) /\ \A s \in Sources : votes[s] >= cap

Command(value) == [epoch |-> value.epoch, seq |-> value.seq, cap |-> Least(value.votes), expires |-> value.expires]

Newer(new, old) ==
    IF old = None THEN TRUE
    ELSE IF new.epoch = old.epoch THEN new.seq > old.seq
    ELSE new.epoch > old.epoch

IsOld(value, s, n) == n <= value.seqs[s]

FirstOfEpoch(value) == [epoch |-> value.epoch + 1, seq |-> 1]

\* What has to survive a full stop.
IsDurable(value, s, n) == value.restored \/ Votes[s][n] /= value.votes[s]

Ruled(value, s, n, expires) ==
    LET number == IF value.restored THEN FirstOfEpoch(value) ELSE [epoch |-> value.epoch, seq |-> value.seq + 1]
    IN  [version |-> IF IsDurable(value, s, n) THEN value.version + 1 ELSE value.version,
         op |-> IF IsDurable(value, s, n) THEN <<s, n>> ELSE value.op,
         seqs |-> [value.seqs EXCEPT ![s] = n],
         votes |-> [value.votes EXCEPT ![s] = Votes[s][n]],
         times |-> [value.times EXCEPT ![<<s, n>>] = @ + 1],
         epoch |-> number.epoch, seq |-> number.seq, expires |-> expires, restored |-> FALSE]

\* UPDATE ... WHERE version = v - 1, or the INSERT of version 1.
Fence(value) == IF database = None THEN value.version = 1 ELSE database.version = value.version - 1

\* The database has this very change. The epoch belongs to it: the same signal on a restored value makes another one.
IsStored(value) ==
    IF database = None THEN FALSE
    ELSE database.version = value.version /\ database.op = value.op /\ database.epoch = value.epoch

\* What the backup makes of a message: the value itself, whatever it had.
BackupTakes(message) == message.value

\* A doubtful call begins again from the database.
MemoryAfterDoubt == None

-----------------------------------------------------------------------------
Calling(s, count) ==
    IF count < Len(Votes[s]) THEN [at |-> "waiting", expires |-> now + LeaseTicks, command |-> None]
    ELSE [at |-> "idle", expires |-> 0, command |-> None]

Init ==
    /\ now = 0
    /\ owner = None /\ backup = None /\ paired = TRUE /\ stale = FALSE
    /\ database = None /\ late = None
    /\ running = None /\ sent = <<>>
    /\ done = [s \in Sources |-> 0] /\ call = [s \in Sources |-> Calling(s, 0)]
    /\ published = {} /\ heard = None
    /\ failures = 0

At(s) == call[s].at
Put(s, place) == call' = [call EXCEPT ![s].at = place]
Fail == failures < MaxFailures /\ failures' = failures + 1

AllAnswered == \A s \in Sources : At(s) = "idle"

Tick ==
    /\ now < MaxTime \/ (AllAnswered /\ now < MaxTime + LeaseTicks)
    /\ now' = now + 1
    /\ UNCHANGED <<owner, backup, paired, stale, database, late, running, sent, call, done, published, heard, failures>>

-----------------------------------------------------------------------------
(* The call on the owner.                                                  *)

Begin(s) ==
    LET n == done[s] + 1
        value == Ruled(Present, s, n, call[s].expires)
    IN  /\ running = None /\ At(s) = "waiting"
        /\ owner' = Present
        /\ IF IsOld(Present, s, n)
           THEN Put(s, "answered") /\ UNCHANGED running
           ELSE /\ Put(s, "running")
                /\ running' = [source |-> s, value |-> value, step |-> IF IsDurable(Present, s, n) THEN "store" ELSE "memory"]
        /\ UNCHANGED <<now, backup, paired, stale, database, late, sent, done, published, heard, failures>>

StoreDone == running' = [running EXCEPT !.step = "memory"] /\ UNCHANGED call
StoreThrows == running' = None /\ Put(running.source, "doubt")

\* The database takes the value, or took it before, or refuses it; or its answer is lost; or it is not there.
Store ==
    /\ running /= None /\ running.step = "store"
    /\ LET value == running.value
       IN  \/ /\ Fence(value)
              /\ database' = value
              /\ \/ StoreDone /\ UNCHANGED failures
                 \/ StoreThrows /\ Fail
           \/ /\ ~Fence(value)
              /\ IF IsStored(value) THEN StoreDone ELSE StoreThrows
              /\ UNCHANGED <<database, failures>>
           \/ StoreThrows /\ Fail /\ UNCHANGED database
    /\ UNCHANGED <<now, owner, backup, paired, stale, late, sent, done, published, heard>>

\* The memory takes the value; with a backup the answer has to wait for it.
Remember ==
    /\ running /= None /\ running.step = "memory"
    /\ owner' = running.value
    /\ running' = None
    /\ call' = [call EXCEPT ![running.source] =
                    [@ EXCEPT !.at = IF paired THEN "backing" ELSE "answered", !.command = Command(running.value)]]
    /\ sent' = IF paired THEN Append(sent, [source |-> running.source, value |-> running.value]) ELSE sent
    /\ UNCHANGED <<now, backup, paired, stale, database, late, done, published, heard, failures>>

Back ==
    /\ sent /= <<>>
    /\ backup' = BackupTakes(Head(sent))
    /\ sent' = Tail(sent)
    /\ Put(Head(sent).source, "answered")
    /\ UNCHANGED <<now, owner, paired, stale, database, late, running, done, published, heard, failures>>

\* What a caller is told whose backup did not confirm: that nobody knows.
WithoutBackup == "doubt"

LoseBackup ==
    /\ sent /= <<>> /\ Fail
    /\ sent' = Tail(sent)
    /\ stale' = TRUE
    /\ Put(Head(sent).source, WithoutBackup)
    /\ UNCHANGED <<now, owner, backup, paired, database, late, running, done, published, heard>>

Evict(s) ==
    /\ At(s) = "doubt" /\ running = None /\ sent = <<>>
    /\ owner' = MemoryAfterDoubt
    /\ backup' = MemoryAfterDoubt
    /\ stale' = FALSE
    /\ call' = [call EXCEPT ![s] = [@ EXCEPT !.at = "waiting", !.command = None]]
    /\ UNCHANGED <<now, paired, database, late, running, sent, done, published, heard, failures>>

\* The caller has the answer and publishes the command; an old signal is answered too, with nothing to publish.
Answer(s) ==
    /\ At(s) = "answered"
    /\ published' = IF call[s].command = None THEN published ELSE published \cup {call[s].command}
    /\ done' = [done EXCEPT ![s] = @ + 1]
    /\ call' = [call EXCEPT ![s] = Calling(s, done[s] + 1)]
    /\ UNCHANGED <<now, owner, backup, paired, stale, database, late, running, sent, heard, failures>>

-----------------------------------------------------------------------------
(* The cluster.                                                            *)

\* Calls that were on the dead member are repeated by the cluster, or end in doubt.
Die ==
    /\ Fail
    /\ owner' = IF paired THEN backup ELSE None
    /\ backup' = None /\ paired' = FALSE /\ stale' = FALSE
    /\ running' = None /\ sent' = <<>>
    /\ late' \in IF running /= None /\ late = None THEN (IF running.step = "store" THEN {None, running.value} ELSE {late}) ELSE {late}
    /\ \E place \in {"waiting", "doubt"} :
        call' = [s \in Sources |-> IF At(s) \in {"running", "backing"} THEN [call[s] EXCEPT !.at = place, !.command = None] ELSE call[s]]
    /\ UNCHANGED <<now, database, done, published, heard>>

Join ==
    /\ ~paired /\ running = None
    /\ paired' = TRUE /\ backup' = owner
    /\ UNCHANGED <<now, owner, stale, database, late, running, sent, call, done, published, heard, failures>>

Repair ==
    /\ stale /\ running = None /\ sent = <<>>
    /\ backup' = owner /\ stale' = FALSE
    /\ UNCHANGED <<now, owner, paired, database, late, running, sent, call, done, published, heard, failures>>

ArriveLate ==
    /\ late /= None
    /\ database' = IF Fence(late) THEN late ELSE database
    /\ late' = None
    /\ UNCHANGED <<now, owner, backup, paired, stale, running, sent, call, done, published, heard, failures>>

-----------------------------------------------------------------------------
(* The consumer.                                                           *)

\* What the consumer has after a command arrived.
Applied(command) == IF Newer(command, heard) THEN command ELSE heard

LeaseHolds == IF heard = None THEN FALSE ELSE now < heard.expires

Usable == IF LeaseHolds THEN heard.cap ELSE 0

Hear ==
    /\ \E command \in published \cup (IF Present.epoch = 0 THEN {} ELSE {Command(Present)}) : heard' = Applied(command)
    /\ UNCHANGED <<now, owner, backup, paired, stale, database, late, running, sent, call, done, published, failures>>

Next ==
    \/ Tick \/ Store \/ Remember \/ Back \/ LoseBackup \/ Die \/ Join \/ Repair \/ ArriveLate \/ Hear
    \/ \E s \in Sources : Begin(s) \/ Evict(s) \/ Answer(s)

-----------------------------------------------------------------------------
(* What is claimed.                                                        *)

Copies == {owner, backup, database} \ {None}

TypeOK ==
    /\ now \in 0..(MaxTime + LeaseTicks) /\ failures \in 0..MaxFailures
    /\ \A s \in Sources : done[s] \in 0..Len(Votes[s]) /\ At(s) \in {"idle", "waiting", "running", "backing", "answered", "doubt"}
    /\ Len(sent) <= Cardinality(Sources)
    /\ \A value \in Copies : \A s \in Sources : value.votes[s] \in 0..FullCap

\* What was answered holds, in what the next reader finds and in what a full stop would leave:
\* each source's vote is the last one answered, or one that it sent after it.
Holds(value) == \A s \in Sources :
    done[s] > 0 => \E n \in done[s]..Len(Votes[s]) : n <= done[s] + 1 /\ value.votes[s] = Votes[s][n]
NoCutIsLost == Holds(Present) /\ Holds(Loaded)

EffectOnce == \A value \in Copies : \A signal \in Signals : value.times[signal] <= 1

Quiet == AllAnswered /\ running = None /\ sent = <<>> /\ late = None /\ ~stale

Durable(value) == [version |-> value.version, op |-> value.op, votes |-> value.votes]

CopiesAgree == Quiet =>
    /\ owner /= None /\ backup /= None => owner = backup
    /\ \A value \in Copies : Durable(value) = Durable(database)

\* A command that is being made has a larger number than every one published before (stated without `Newer`).
NumbersAscend == running /= None => \A command \in published :
    \/ running.value.epoch > command.epoch
    \/ running.value.epoch = command.epoch /\ running.value.seq > command.seq

NoExpiredLeaseIsUsed == Usable > 0 => now < heard.expires

OnlyNewerIsHeard ==
    [][\/ heard' = heard
       \/ heard = None
       \/ heard'.epoch > heard.epoch
       \/ heard'.epoch = heard.epoch /\ heard'.seq > heard.seq]_vars

-----------------------------------------------------------------------------
(* Liveness: failures are finite here, so the good times always come.      *)

Spec ==
    /\ Init /\ [][Next]_vars
    /\ WF_vars(Tick) /\ WF_vars(Store) /\ WF_vars(Remember) /\ WF_vars(Back) /\ WF_vars(Repair) /\ WF_vars(ArriveLate)
    /\ \A s \in Sources : SF_vars(Begin(s)) /\ SF_vars(Evict(s)) /\ WF_vars(Answer(s))

EverySignalIsAnswered == <>AllAnswered

NothingIsKeptTooLong == <>[](Usable <= Least(Present.votes))

=============================================================================
