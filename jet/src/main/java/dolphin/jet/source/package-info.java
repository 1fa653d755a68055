/**
 * Where a job's batches come from: the journal of a map, or reliable topics, both read as logs that
 * replay exactly from a snapshot. {@code Sources} is the way in.
 */
package dolphin.jet.source;
