package dolphin.jet.stage;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/**
 * Everything a Python stage is, as a value that travels with the job.
 *
 * @param name the vertex name; log lines, metrics and failures carry it
 * @param function {@code module:attribute}, a function {@code batch -> batch} or a class
 * @param paramsJson JSON object of keyword arguments for the class's constructor (for a plain
 *     function: keyword arguments of each call)
 * @param interpreter path of the Python to run, or null for the member's {@code -Ddolphin.python}
 * @param pythonPath where the function's module is found; empty means the member's {@code
 *     -Ddolphin.pythonpath}
 * @param keyed true: one instance of the function per item key, any local parallelism, one worker
 *     process each. False: one instance in one worker in the cluster
 * @param batchDeadline longest time one batch (or snapshot) may take; then the worker is killed
 * @param maxFailures the job fails (and is suspended, if so configured) at this many failures in a
 *     row with no batch answered in between
 * @param maxInFlight most requests sent to a worker and not yet emitted
 * @param maxBatchBytes most bytes of one frame in either direction; a larger result is a failure
 * @param maxMemoryBytes address-space limit of a worker process; 0 means none
 * @param outputs what goes to each outgoing edge, by ordinal; empty for a stage without successors
 */
public record StageSpec(
    String name,
    String function,
    String paramsJson,
    String interpreter,
    List<String> pythonPath,
    boolean keyed,
    Duration batchDeadline,
    int maxFailures,
    int maxInFlight,
    long maxBatchBytes,
    long maxMemoryBytes,
    List<Output> outputs)
    implements Serializable {

  public static final Duration DEFAULT_BATCH_DEADLINE = Duration.ofSeconds(10);
  public static final int DEFAULT_MAX_FAILURES = 3;
  public static final int DEFAULT_MAX_IN_FLIGHT = 64;
  public static final long DEFAULT_MAX_BATCH_BYTES = 64L << 20;
  public static final long DEFAULT_MAX_MEMORY_BYTES = 8L << 30;

  /** The largest {@link #maxBatchBytes} accepted; a frame is held in one Java array. */
  public static final long LIMIT_BATCH_BYTES = 1L << 30;

  /** Edges are named by the bits of a 32-bit mask in the protocol. */
  public static final int LIMIT_OUTPUTS = 31;

  public StageSpec {
    pythonPath = List.copyOf(pythonPath);
    outputs = List.copyOf(outputs);
    require(name.matches("[\\w.-]+"), "name", name, "letters, digits, _, . and - only");
    require(
        function.matches("[\\w.]+:[\\w.]+"), "function", function, "must read module:attribute");
    require(
        batchDeadline.toMillis() >= 1, "batchDeadline", batchDeadline, "must be 1 ms or longer");
    require(maxFailures >= 1, "maxFailures", maxFailures, "must be 1 or more");
    require(maxInFlight >= 1, "maxInFlight", maxInFlight, "must be 1 or more");
    require(
        maxBatchBytes >= 1 && maxBatchBytes <= LIMIT_BATCH_BYTES,
        "maxBatchBytes",
        maxBatchBytes,
        "must be 1 to " + LIMIT_BATCH_BYTES);
    require(maxMemoryBytes >= 0, "maxMemoryBytes", maxMemoryBytes, "must be 0 (no limit) or more");
    require(outputs.size() <= LIMIT_OUTPUTS, "outputs", outputs.size(), "at most " + LIMIT_OUTPUTS);
  }

  /** A stage with every bound at its default. */
  public static StageSpec of(String name, String function, boolean keyed, List<Output> outputs) {
    return new StageSpec(
        name,
        function,
        "{}",
        null,
        List.of(),
        keyed,
        DEFAULT_BATCH_DEADLINE,
        DEFAULT_MAX_FAILURES,
        DEFAULT_MAX_IN_FLIGHT,
        DEFAULT_MAX_BATCH_BYTES,
        DEFAULT_MAX_MEMORY_BYTES,
        outputs);
  }

  private static void require(boolean holds, String field, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(field + " = " + value + ": " + rule);
    }
  }
}
