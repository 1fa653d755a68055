package dolphin.jet.job;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.core.DAG;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;

/**
 * The jar's main class: {@code hz-cli submit dolphin-jet.jar ars} submits the pipeline {@code ars}
 * whose description is packaged as {@code pipelines/ars.json}.
 *
 * <p>It sends the same {@link JobCommand} as {@code dolphin job submit}. hz-cli counts only jobs
 * that came from its own Jet service, so that is asked for the job too, which is there by then.
 */
public final class SubmitPipeline {

  private static final String USAGE = "Usage: hz-cli submit dolphin-jet.jar PIPELINE";

  private SubmitPipeline() {}

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length != 1) {
      throw new IllegalArgumentException(USAGE);
    }
    HazelcastInstance cluster = Hazelcast.bootstrappedInstance();
    JsonObject answer =
        Json.parse(
                ask(
                    cluster,
                    new JsonObject()
                        .add("verb", "submit")
                        .add("pipeline", Json.parse(description(arguments[0])))
                        .toString()))
            .asObject();
    JsonValue error = answer.get("error");
    if (error != null) {
      throw new IllegalStateException(error.asObject().getString("message", ""));
    }
    String name = answer.getString("name", "");
    System.out.println("Job " + name + " is " + answer.getString("status", ""));
    showToCommandLine(cluster, name);
  }

  /**
   * Gives the running job, never another: a graph without a vertex is refused, and a job that has
   * ended meanwhile would be one.
   */
  private static void showToCommandLine(HazelcastInstance cluster, String name) {
    Job unused = cluster.getJet().newJobIfAbsent(new DAG(), new JobConfig().setName(name));
  }

  private static String ask(HazelcastInstance cluster, String request) throws InterruptedException {
    try {
      return cluster.getExecutorService(JobCommand.EXECUTOR).submit(new JobCommand(request)).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the cluster did not take the job: " + e.getCause(), e);
    }
  }

  private static String description(String pipeline) {
    String resource = "/pipelines/" + pipeline + ".json";
    try (InputStream in = SubmitPipeline.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "no pipeline '" + pipeline + "' is packaged in this jar. " + USAGE);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(resource + " cannot be read", e);
    }
  }
}
