/**
 * Jobs by description: JSON from Python becomes a graph of sources, stages and sinks, and a request
 * about a job gets an answer. What a pipeline may name is registered here.
 */
package dolphin.jet.job;
