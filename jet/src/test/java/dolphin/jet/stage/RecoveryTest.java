package dolphin.jet.stage;

import static dolphin.jet.stage.MisbehaviourTest.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.hazelcast.collection.IList;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.JobStatus;
import com.hazelcast.map.IMap;
import dolphin.jet.wire.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** After a worker, a job or a member dies, the state is as if nothing had happened. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecoveryTest {

  private static final int KEYS = 7;
  private static final int PORT = 5831;

  private final List<HazelcastInstance> members = new ArrayList<>();
  private final Random random = new Random(20261124);

  @AfterEach
  void stop() {
    members.forEach(member -> member.getLifecycleService().terminate());
  }

  @Test
  void killedWorkersLeaveNoTraceInWhatComesOut() {
    startMembers("killed-workers", 1);
    long count = 3_000;
    IList<Row> out = members.get(0).getList("out");
    StageSpec sum = StageMember.forChaos(StageMember.rowStage("sum", "Sum", true));
    DAG dag =
        StageMember.dag(CountingSource.supplier(count, KEYS, 1_000), StageMember.list("out"), sum);
    dag.getVertex("sum").localParallelism(2);
    Job job = members.get(0).getJet().newJob(dag);
    for (int kill = 0; kill < 5; kill++) {
      int seen = out.size();
      await("the stage gets on", () -> out.size() > seen || out.size() >= count || isOver(job));
      killAWorker();
    }
    await("everything is out", () -> out.size() >= count || isOver(job));
    assertEquals(runningSums(count), runningSums(out));
  }

  @Test
  void aRestartedJobGoesOnFromItsSnapshot() {
    startMembers("restarted-job", 1);
    long count = 4_000;
    Job job = submitSums(count, 1_000);
    for (int restart = 0; restart < 2; restart++) {
      awaitSome(count);
      await("restarted", () -> isRestarted(job));
    }
    await("the sums are complete", () -> sums().equals(expected(count)) || isOver(job));
    assertEquals(expected(count), sums());
  }

  @Test
  void chaosOfKilledWorkersALostAndANewMemberEndsInExactSums() {
    startMembers("chaos", 3);
    long seconds = Long.getLong("dolphin.chaos.seconds", 8);
    long perSecond = 1_000;
    long count = seconds * perSecond;
    Job job = submitSums(count, perSecond);
    awaitSome(count);
    killAWorker();
    awaitSome(count);
    members.remove(2).getLifecycleService().terminate();
    for (long round = 0; round < seconds / 2 && !isOver(job); round++) {
      awaitSome(count);
      killAWorker();
    }
    startMembers("chaos", 1);
    await("the sums are complete", () -> sums().equals(expected(count)) || isOver(job));
    assertEquals(expected(count), sums());
  }

  private void startMembers(String cluster, int count) {
    for (int i = 0; i < count; i++) {
      members.add(StageMember.start(cluster, PORT));
    }
  }

  private Job submitSums(long count, long perSecond) {
    StageSpec sum = StageMember.forChaos(StageMember.rowStage("sum", "Sum", true));
    DAG dag =
        StageMember.dag(
            CountingSource.supplier(count, KEYS, perSecond), StageMember.map("sums"), sum);
    JobConfig config =
        new JobConfig()
            .setName("sums")
            .setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE)
            .setSnapshotIntervalMillis(200);
    return members.get(0).getJet().newJob(dag, config);
  }

  private static boolean isRestarted(Job job) {
    try {
      job.restart();
      return true;
    } catch (IllegalStateException stillStarting) {
      return isOver(job);
    }
  }

  /** Waits until the sums have moved, so that the next blow falls on work in progress. */
  private void awaitSome(long count) {
    Map<String, Long> before = sums();
    await(
        "the stage gets on",
        () -> {
          Map<String, Long> now = sums();
          return !now.equals(before)
              || now.equals(expected(count))
              || isOver(members.get(0).getJet().getJob("sums"));
        });
  }

  private Map<String, Long> sums() {
    IMap<String, Long> sums = members.get(0).getMap("sums");
    return new HashMap<>(sums.getAll(sums.keySet()));
  }

  private static Map<String, Long> expected(long count) {
    Map<String, Long> expected = new HashMap<>();
    for (long number = 0; number < count; number++) {
      expected.merge(CountingSource.key(number, KEYS), number, Long::sum);
    }
    return expected;
  }

  private static boolean isOver(Job job) {
    return job.getStatus() == JobStatus.FAILED || job.getStatus() == JobStatus.SUSPENDED;
  }

  /** Kills, with -9, a worker or a guardian of this process. */
  private void killAWorker() {
    List<ProcessHandle> candidates =
        ProcessHandle.current()
            .descendants()
            .filter(p -> p.info().commandLine().orElse("").contains("dolphin.stage.guardian"))
            .toList();
    if (!candidates.isEmpty()) {
      candidates.get(random.nextInt(candidates.size())).destroyForcibly();
    }
  }

  private static Map<String, List<Long>> runningSums(long count) {
    Map<String, List<Long>> sums = new HashMap<>();
    Map<String, Long> totals = new HashMap<>();
    for (long number = 0; number < count; number++) {
      String key = CountingSource.key(number, KEYS);
      sums.computeIfAbsent(key, k -> new ArrayList<>()).add(totals.merge(key, number, Long::sum));
    }
    return sums;
  }

  private static Map<String, List<Long>> runningSums(List<Row> rows) {
    Map<String, List<Long>> sums = new HashMap<>();
    for (Row row : rows) {
      sums.computeIfAbsent(row.key(), k -> new ArrayList<>()).add(StageMember.number(row.value()));
    }
    return sums;
  }
}
