package dolphin.jet.stage;

import com.hazelcast.jet.core.metrics.Metric;
import com.hazelcast.jet.core.metrics.Metrics;
import com.hazelcast.jet.core.metrics.Unit;
import java.util.concurrent.TimeUnit;

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

  private final Metric batches = Metrics.metric("stage.batches");
  private final Metric rows = Metrics.metric("stage.rows");
  private final Metric inFlight = Metrics.metric("stage.inFlight");
  private final Metric latencyP50Us = Metrics.metric("stage.latencyP50Us");
  private final Metric latencyP99Us = Metrics.metric("stage.latencyP99Us");
  private final Metric restarts = Metrics.metric("stage.restarts");
  private final Metric failures = Metrics.metric("stage.failures", Unit.COUNT);
  private final LatencyHistogram latencies = new LatencyHistogram();
  private long publishedNs;
  private long rotatedNs;

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
