--------------------------- MODULE LeverageMutants ---------------------------
(* Wrong versions of single rules of Leverage; see InventoryMutants.       *)
EXTENDS LeverageModel

\* Hazelcast's default: the backup runs the rule again, on what it has or loads.
BackupRunsTheRule(message) ==
    LET base == IF backup = None THEN Loaded ELSE backup
        n == message.value.seqs[message.source]
    IN  IF IsOld(base, message.source, n) THEN base ELSE Ruled(base, message.source, n, message.value.expires)

\* The database takes every version.
NoFence(value) == TRUE

\* The rule does not look at the signal's number.
NothingIsOld(value, s, n) == FALSE

\* A call in doubt goes on with what is in memory.
KeepsItsMemory == owner

\* A value from the database goes on where it stood.
SameEpoch(value) == [epoch |-> IF value.epoch = 0 THEN 1 ELSE value.epoch, seq |-> value.seq + 1]

\* A new epoch is not written down.
OnlyVotesAreDurable(value, s, n) == database = None \/ Votes[s][n] /= value.votes[s]

\* Renewals only: a cut is not written through.
NothingIsDurable(value, s, n) == FALSE

\* The caller gets its answer although the backup did not confirm.
AnswersAnyway == "answered"

\* The consumer takes what comes.
TakesWhatComes(command) == command

\* An old command renews the lease.
RenewedByAnOldCommand(command) ==
    IF Newer(command, heard) THEN command
    ELSE [heard EXCEPT !.expires = IF command.expires > @ THEN command.expires ELSE @]

\* The consumer believes for ever.
EveryLeaseHolds == heard /= None

\* A call whose outcome is in doubt is given up.
GivesUp == "lost"
=============================================================================
