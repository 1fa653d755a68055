package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.collection.IList;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.core.JobStatus;
import com.hazelcast.jet.core.metrics.JobMetrics;
import com.hazelcast.jet.core.processor.SourceProcessors;
import dolphin.jet.wire.Row;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What happens when a function misbehaves: the outcome stated in {@code docs/stage.md}, and a job
 * beside it that never notices.
 */
@Timeout(value = 150, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MisbehaviourTest {

  private static final Duration DEADLINE = Duration.ofMillis(1500);
  private static final Duration PATIENT = Duration.ofSeconds(20);
  private static final long MEMORY_BYTES = 2L << 30;
  private static final int BATCH_BYTES = 50 << 20;

  private static HazelcastInstance member;
  private static Job healthy;
  private long healthyBefore;

  @BeforeAll
  static void start() {
    member = StageMember.start("misbehaviour", 5821);
    StageSpec sum = StageMember.rowStage("healthy", "Sum", true);
    healthy =
        member
            .getJet()
            .newJob(
                StageMember.dag(
                    CountingSource.supplier(Long.MAX_VALUE, 4, 500), StageMember.map("sums"), sum),
                new JobConfig().setMetricsEnabled(true));
    await("the healthy job works", () -> !member.getMap("sums").isEmpty());
  }

  @AfterAll
  static void stop() {
    member.shutdown();
  }

  @BeforeEach
  void readHealthyJob() {
    healthyBefore = healthySum();
  }

  @AfterEach
  void theJobNextToItNeverNotices() {
    assertEquals(JobStatus.RUNNING, healthy.getStatus());
    await("the healthy job goes on", () -> healthySum() > healthyBefore);
    JobMetrics metrics = healthy.getMetrics();
    assertTrue(metrics.get("stage.failures").stream().allMatch(failures -> failures.value() == 0));
  }

  private static long healthySum() {
    return (Long) member.getMap("sums").getOrDefault("k0", 0L);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "raises, ValueError: the spread is negative",
    "hangs, no answer within the deadline of 1500 ms",
    "wrong_type, process returned int",
    "wrong_schema, column key is missing",
    "exits, it exited with status 3",
    "calls_sys_exit, sys.exit(4)",
    "segfaults, it was killed by signal 11",
    "allocates, MemoryError",
    "detaches_then_hangs, no answer within the deadline of 1500 ms",
  })
  void theJobIsSuspendedAndSaysWhy(String how, String reason) {
    Job job = submit(how, "bad-" + how, how.contains("hangs") ? DEADLINE : PATIENT, "bad");
    await("suspended", () -> job.getStatus() == JobStatus.SUSPENDED);
    await("the cause is recorded", () -> suspensionCause(job) != null);
    String cause = suspensionCause(job);
    assertTrue(cause.contains("Python stage stage-" + how + " failed 2 times in a row"), cause);
    assertTrue(cause.contains(reason), cause);
    if (!how.startsWith("wrong") && !how.equals("exits")) {
      assertTrue(cause.contains("stage_functions.py"), "no Python traceback in: " + cause);
    }
    assertEquals(List.of(), values("bad-" + how));
    job.cancel();
  }

  @Test
  void nothingOutlivesAStageNotEvenADetachedProcess() {
    await(
        "no orphan",
        () ->
            ProcessHandle.allProcesses()
                .noneMatch(p -> p.info().commandLine().orElse("").contains("dolphin-test-orphan")));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"prints", "forks"})
  void theJobIsUnharmed(String how) {
    Job job = submit(how, "out-" + how, PATIENT, "good", "bad", "after");
    await("completed", () -> job.getStatus() == JobStatus.COMPLETED);
    assertEquals(List.of("good", "bad", "after"), values("out-" + how));
  }

  @Test
  void aBatchOfNoRowsOfNullsOrOf50MegabytesPasses() {
    member.getList("sizes").add(new Row("a", "0".getBytes(StandardCharsets.UTF_8)));
    member.getList("sizes").add(new Row("b", ("" + BATCH_BYTES).getBytes(StandardCharsets.UTF_8)));
    StageSpec make = StageSpec.of("make", "stage_functions:make", false, List.of(Output.batches()));
    StageSpec measure = StageMember.rowStage("measure", "measure", false);
    Job job =
        member
            .getJet()
            .newJob(
                StageMember.dag(
                    SourceProcessors.readListP("sizes"),
                    StageMember.list("measured"),
                    make,
                    measure));
    await("completed", () -> job.getStatus() == JobStatus.COMPLETED);
    assertEquals(
        List.of("rows 0 nulls 0 bytes 0", "rows 1 nulls 1 bytes " + BATCH_BYTES),
        values("measured"));
  }

  /** Jet shows the status a moment before it has stored the cause. */
  private static String suspensionCause(Job job) {
    try {
      return job.getSuspensionCause().errorCause();
    } catch (IllegalStateException notYet) {
      return null;
    }
  }

  private static Job submit(String how, String output, Duration deadline, String... values) {
    IList<Row> in = member.getList("in-" + how);
    for (String value : values) {
      in.add(new Row("k", value.getBytes(StandardCharsets.UTF_8)));
    }
    StageSpec spec =
        StageMember.with(
            StageMember.rowStage("stage-" + how, "Misbehaves", false),
            "{\"how\":\"" + how + "\"}",
            deadline,
            2,
            MEMORY_BYTES);
    JobConfig config = new JobConfig().setName("job-" + how).setSuspendOnFailure(true);
    return member
        .getJet()
        .newJob(
            StageMember.dag(
                SourceProcessors.readListP("in-" + how), StageMember.list(output), spec),
            config);
  }

  private static List<String> values(String list) {
    IList<Row> rows = member.getList(list);
    return rows.stream().map(row -> new String(row.value(), StandardCharsets.UTF_8)).toList();
  }

  static void await(String what, java.util.function.BooleanSupplier holds) {
    long deadline = System.nanoTime() + 120_000_000_000L;
    while (!holds.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "did not come true: " + what);
      try {
        Thread.sleep(20);
      } catch (InterruptedException interrupted) {
        throw new AssertionError(interrupted);
      }
    }
  }
}
