package dolphin.jet.stage;

import com.hazelcast.jet.core.metrics.Metric;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The stage's own metrics among Jet's (job API, JMX, Management Center): one set per worker.
 *
 * <p>{@code stage.batches}, {@code stage.rows} (input), {@code stage.inFlight}, {@code
 * stage.latencyP50Us} and {@code stage.latencyP99Us} (from the append of a request to its answer,
 * the last one to two minutes), {@code stage.restarts}, {@code stage.failures} (the text of the
 * last one is in the log and, once the job is suspended, in its cause).
 *
 * <p>Must be made on the Jet thread, inside a processing method.
 */
final class StageMetrics {

  private static final long PUBLISH_NS = TimeUnit.SECONDS.toNanos(1);
  private static final long ROTATE_NS = TimeUnit.SECONDS.toNanos(60);

  private final Metric batches;
  private final Metric rows;
  private final Metric inFlight;
  private final Metric latencyP50Us;
  private final Metric latencyP99Us;
  private final Metric restarts;
  private final Metric failures;
  private final LatencyHistogram latencies = new LatencyHistogram();
  private long publishedNs;
  private long rotatedNs;

  StageMetrics(Function<String, Metric> metric) {
    batches = metric.apply("stage.batches");
    rows = metric.apply("stage.rows");
    inFlight = metric.apply("stage.inFlight");
    latencyP50Us = metric.apply("stage.latencyP50Us");
    latencyP99Us = metric.apply("stage.latencyP99Us");
    restarts = metric.apply("stage.restarts");
    failures = metric.apply("stage.failures");
  }

  void onResult(int rowsIn, long latencyNs) {
    batches.increment();
    rows.increment(rowsIn);
    latencies.record(latencyNs);
  }

  void onFailure() {
    failures.increment();
  }

  void onRestart() {
    restarts.increment();
  }

  /** Publishes what is not counted one by one, once a second. */
  void publish(int requestsInFlight, long nowNs) {
    if (nowNs - publishedNs < PUBLISH_NS) {
      return;
    }
    publishedNs = nowNs;
    inFlight.set(requestsInFlight);
    latencyP50Us.set(TimeUnit.NANOSECONDS.toMicros(latencies.quantileNs(0.50)));
    latencyP99Us.set(TimeUnit.NANOSECONDS.toMicros(latencies.quantileNs(0.99)));
    if (nowNs - rotatedNs > ROTATE_NS) {
      rotatedNs = nowNs;
      latencies.rotate();
    }
  }
}
