package dolphin.jet.job;

import static com.hazelcast.jet.core.JobStatus.COMPLETED;
import static com.hazelcast.jet.core.JobStatus.FAILED;
import static com.hazelcast.jet.core.JobStatus.RUNNING;
import static com.hazelcast.jet.core.JobStatus.SUSPENDED;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonArray;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import com.hazelcast.jet.JetService;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.JobAlreadyExistsException;
import com.hazelcast.jet.core.JobStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What can be done to jobs, by verb.
 *
 * <p>An answer is what the verb's method returns, or {@code {"error": {"kind", "message"}}}, where
 * {@code kind} is {@code unknown} (no such job, with the {@code known} names), {@code refused} (the
 * job is not in a state for it) or {@code invalid} (the request or the pipeline is faulty).
 */
final class JobControl {

  /** How long a verb waits for the job to reach the state that was asked for. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final Set<JobStatus> ENDED = Set.of(FAILED, COMPLETED);

  private final HazelcastInstance member;
  private final JetService jet;

  JobControl(HazelcastInstance member) {
    this.member = member;
    this.jet = member.getJet();
  }

  /** Never throws: what goes wrong is in the answer. */
  String answer(String request) {
    JsonObject answer;
    try {
      answer = carryOut(Json.parse(request).asObject());
    } catch (Refusal refusal) {
      answer = refusal.answer();
    } catch (RuntimeException e) {
      answer = new Refusal("invalid", String.valueOf(e.getMessage())).answer();
    }
    return answer.toString();
  }

  private JsonObject carryOut(JsonObject request) {
    String verb = request.getString("verb", "");
    String name = request.getString("name", "");
    return switch (verb) {
      case "submit" -> submit(request.get("pipeline"));
      case "ping" -> ping();
      case "list" -> list();
      case "show" -> show(job(name));
      case "suspend" -> suspend(active(name));
      case "resume" -> resume(active(name));
      case "restart" -> restart(active(name));
      case "cancel" -> cancel(active(name));
      default -> throw new Refusal("invalid", "no verb is called '" + verb + "'");
    };
  }

  private JsonObject submit(JsonValue pipeline) {
    if (pipeline == null) {
      throw new Refusal("invalid", "a submission carries a pipeline");
    }
    PipelineSpec spec = PipelineSpec.parse(pipeline.toString());
    try {
      Job job = jet.newJob(PipelineGraph.of(spec, member), PipelineGraph.config(spec));
      return summary(await(job, Set.of(RUNNING, SUSPENDED, FAILED, COMPLETED)));
    } catch (JobAlreadyExistsException e) {
      throw new Refusal("refused", "a job named '" + spec.name() + "' is there already", e);
    }
  }

  /** Asks nobody else: it is about this member. */
  private JsonObject ping() {
    return new JsonObject().add("members", member.getCluster().getMembers().size());
  }

  private JsonObject list() {
    JsonArray jobs = new JsonArray();
    latestOfEachName().forEach(job -> jobs.add(summary(job)));
    return new JsonObject().add("jobs", jobs);
  }

  private JsonObject show(Job job) {
    return summary(job).add("vertices", JobReadings.vertices(job));
  }

  private JsonObject suspend(Job job) {
    if (job.getStatus() != RUNNING) {
      throw notIn(job, "running");
    }
    job.suspend();
    return summary(await(job, Set.of(SUSPENDED, FAILED, COMPLETED)));
  }

  private JsonObject resume(Job job) {
    if (job.getStatus() != SUSPENDED) {
      throw notIn(job, "suspended");
    }
    job.resume();
    return summary(await(job, Set.of(RUNNING, FAILED, COMPLETED)));
  }

  private JsonObject restart(Job job) {
    if (job.getStatus() != RUNNING) {
      throw notIn(job, "running");
    }
    job.restart();
    await(job, Set.of(JobStatus.NOT_RUNNING, JobStatus.STARTING, SUSPENDED, FAILED, COMPLETED));
    return summary(await(job, Set.of(RUNNING, SUSPENDED, FAILED, COMPLETED)));
  }

  private JsonObject cancel(Job job) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!tryCancel(job) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(POLL_NANOS);
    }
    return summary(await(job, ENDED));
  }

  /**
   * Jet refuses while it restarts a job of its own accord, as it does after a member has joined.
   */
  private static boolean tryCancel(Job job) {
    try {
      job.cancel();
      return true;
    } catch (IllegalStateException restarting) {
      return false;
    }
  }

  private static Refusal notIn(Job job, String state) {
    return new Refusal(
        "refused", "job '" + job.getName() + "' is " + JobReadings.status(job) + ", not " + state);
  }

  /** The job as it is now or, if it has not got to one of {@code wanted} in time, as it is then. */
  private static Job await(Job job, Set<JobStatus> wanted) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!wanted.contains(job.getStatus()) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(POLL_NANOS);
    }
    return job;
  }

  private Job active(String name) {
    Job job = job(name);
    if (ENDED.contains(job.getStatus())) {
      throw notIn(job, "active");
    }
    return job;
  }

  private Job job(String name) {
    Job job = jet.getJob(name);
    if (job != null) {
      return job;
    }
    List<String> known = latestOfEachName().stream().map(Job::getName).toList();
    throw Refusal.unknown(name, known);
  }

  /** Ended jobs stay listed by Jet for a while; of each name only the latest counts. */
  private List<Job> latestOfEachName() {
    return jet.getJobs().stream()
        .map(Job::getName)
        .filter(name -> name != null)
        .distinct()
        .map(jet::getJob)
        .filter(job -> job != null)
        .sorted(Comparator.comparing(Job::getName))
        .toList();
  }

  private static JsonObject summary(Job job) {
    return JobReadings.summary(job);
  }

  /** Why a request was not carried out. */
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String kind;
    private final transient List<String> known;

    private Refusal(String kind, String message, List<String> known, Throwable cause) {
      super(message, cause);
      this.kind = kind;
      this.known = known;
    }

    Refusal(String kind, String message) {
      this(kind, message, null, null);
    }

    Refusal(String kind, String message, Throwable cause) {
      this(kind, message, null, cause);
    }

    static Refusal unknown(String name, List<String> known) {
      return new Refusal("unknown", "no job is called '" + name + "'", known, null);
    }

    JsonObject answer() {
      JsonObject error = new JsonObject().add("kind", kind).add("message", getMessage());
      if (known != null) {
        JsonArray names = new JsonArray();
        known.forEach(names::add);
        error.add("known", names);
      }
      return new JsonObject().add("error", error);
    }
  }
}
