/**
 * What becomes of a gate when the two halves of a split cluster find each other again.
 *
 * <p>{@code GateJoin} is the rule: of two values the join, field by field, of what each forbids;
 * its tables name every field, with a join from {@code Joins}. It is commutative, associative and
 * idempotent, so the order in which members come back does not matter. {@code MostRestrictive} is
 * what Hazelcast calls.
 */
package dolphin.jet.gates.merge;
