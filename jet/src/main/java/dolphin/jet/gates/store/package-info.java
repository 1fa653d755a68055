/**
 * The gates that survive a full stop: what {@code LEVERAGE} and {@code POSTURE} write through to.
 *
 * <p>The database is the truth and the fence, the map is where it acts. A value carries its durable
 * revision {@code (version, op)}: {@code version} rises by one exactly when something changed that
 * must outlive the cluster, {@code op} names the signal that changed it. {@code GateDatabase} takes
 * version v only over version v - 1, so of two members that both believe they own a key at most one
 * can change it; the other is told that it is stale, its entry processor fails and its memory stays
 * as it was. {@code GateWatch} looks at the database several times a second, so that also what
 * needs no write (the renewal of a lease) is refused by a member that is stale or cut off. {@code
 * GateStore} is what Hazelcast calls. {@code docs/gates.md} says how to set it up.
 */
package dolphin.jet.gates.store;
