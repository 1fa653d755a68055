/**
 * Where a job's rows and batches go: maps, topics and entry processors, a call each, whose
 * watermarks mean "written". {@code Sinks} is the way in.
 */
package dolphin.jet.sink;
