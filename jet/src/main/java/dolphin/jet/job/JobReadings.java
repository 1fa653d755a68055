package dolphin.jet.job;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.core.JobStatus;
import com.hazelcast.jet.core.JobSuspensionCause;
import com.hazelcast.jet.core.metrics.Measurement;
import com.hazelcast.jet.core.metrics.MetricNames;
import com.hazelcast.jet.core.metrics.MetricTags;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;

/** What a job tells about itself, as JSON. */
final class JobReadings {

  /** Of these the greatest over a vertex's processors says more than their sum. */
  private static final Set<String> NOT_ADDITIVE =
      Set.of(
          MetricNames.TOP_OBSERVED_WM,
          MetricNames.COALESCED_WM,
          MetricNames.LAST_FORWARDED_WM,
          MetricNames.LAST_FORWARDED_WM_LATENCY,
          "stage.latencyP50Us",
          "stage.latencyP99Us");

  private JobReadings() {}

  static JsonObject summary(Job job) {
    JsonObject summary =
        new JsonObject()
            .add("name", job.getName())
            .add("id", job.getIdString())
            .add("status", status(job))
            .add("submitted_wall_ms", job.getSubmissionTime());
    String trouble = trouble(job);
    return trouble == null ? summary : summary.add("failure", trouble);
  }

  static String status(Job job) {
    JobStatus status = job.getStatus();
    if (status == JobStatus.FAILED && job.isUserCancelled()) {
      return "cancelled";
    }
    return status.toString().toLowerCase(Locale.ROOT);
  }

  /** Why the job stands still or has ended, if that was not asked for; else null. */
  private static String trouble(Job job) {
    return switch (job.getStatus()) {
      case SUSPENDED -> suspension(job);
      case FAILED -> job.isUserCancelled() ? null : failure(job);
      default -> null;
    };
  }

  private static String suspension(Job job) {
    try {
      JobSuspensionCause cause = job.getSuspensionCause();
      return cause.dueToError() ? cause.errorCause() : null;
    } catch (IllegalStateException e) {
      return null; // Jet records the cause a moment after the state, and forgets it on resumption
    }
  }

  private static String failure(Job job) {
    try {
      job.getFuture().join();
      return null;
    } catch (CompletionException | CancellationException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return cause.toString();
    }
  }

  /** Every metric of every vertex; a metric of several processors is added up. */
  static JsonObject vertices(Job job) {
    JsonObject vertices = new JsonObject();
    job.getMetrics()
        .forEach(
            metric -> {
              for (Measurement measurement : metric.getValue()) {
                String vertex = measurement.tag(MetricTags.VERTEX);
                if (vertex != null) {
                  add(vertices, vertex, metric.getKey(), measurement.value());
                }
              }
            });
    return vertices;
  }

  private static void add(JsonObject vertices, String vertex, String metric, long value) {
    if (vertices.get(vertex) == null) {
      vertices.add(vertex, new JsonObject());
    }
    JsonObject readings = vertices.get(vertex).asObject();
    long before = readings.getLong(metric, NOT_ADDITIVE.contains(metric) ? Long.MIN_VALUE : 0);
    readings.set(
        metric,
        Json.value(NOT_ADDITIVE.contains(metric) ? Math.max(before, value) : before + value));
  }
}
