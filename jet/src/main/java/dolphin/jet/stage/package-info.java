/**
 * Python functions as vertices of a job: worker processes, the protocol with them, and what happens
 * when they misbehave. {@code PythonStage} is the way in; {@code docs/stage.md} tells the rest.
 */
package dolphin.jet.stage;
