package dolphin.jet.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.Vertex;
import com.hazelcast.map.IMap;
import com.hazelcast.ringbuffer.ReadResultSet;
import com.hazelcast.ringbuffer.Ringbuffer;
import com.hazelcast.spi.impl.SerializationServiceSupport;
import com.hazelcast.topic.impl.reliable.ReliableTopicMessage;
import dolphin.jet.LoopbackMember;
import dolphin.jet.wire.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A job that starts at the newest batch misses none that is put after its submission returned. */
class NewestTest {

  private static final int ROUNDS = 40;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  @Test
  void nothingIsMissedRightAfterASubmission() throws Exception {
    HazelcastInstance member = LoopbackMember.start();
    try {
      IMap<String, Batch> events = member.getMap("journaled");
      for (long round = 1; round <= ROUNDS; round++) {
        submit(member, "relay " + round, "journaled");
        put(events, round, round);
        awaitProgress(member, "relay " + round, round);
        member.getJet().getJob("relay " + round).cancel();
      }
    } finally {
      member.shutdown();
    }
  }

  /** A job is said to run before its processors are ready, and here they are not for a while. */
  @Test
  void nothingIsMissedWhileProcessorsAreNotReady() throws Exception {
    HazelcastInstance member = LoopbackMember.start();
    try {
      Busy.begun = new CountDownLatch(Busy.THREADS);
      Busy.free = new CountDownLatch(1);
      Vertex vertex = new Vertex("busy", Busy::new).localParallelism(Busy.THREADS);
      Job busy = member.getJet().newJob(new DAG().vertex(vertex));
      assertTrue(Busy.begun.await(20, TimeUnit.SECONDS));
      submit(member, "relay", "journaled");
      put(member.getMap("journaled"), 1, 3);
      Busy.free.countDown();
      busy.join();
      awaitProgress(member, "relay", 3);
      assertEquals(List.of(1L, 2L, 3L), relayed(member));
    } finally {
      Busy.free.countDown();
      member.shutdown();
    }
  }

  /** A member that dies takes the job back to where it was submitted: there is no snapshot yet. */
  @Test
  void nothingIsMissedByAJobThatStartsAgainBeforeItsFirstSnapshot() throws Exception {
    HazelcastInstance first = LoopbackMember.start();
    HazelcastInstance second = LoopbackMember.join(first);
    HazelcastInstance third = LoopbackMember.join(first);
    try {
      IMap<String, Batch> events = first.getMap("journaled");
      put(events, 1, 5);
      submit(first, "relay", "journaled");
      put(events, 6, 10);
      awaitProgress(first, "relay", 10);
      third.getLifecycleService().terminate();
      put(events, 11, 20);
      awaitProgress(first, "relay", 20);
      List<Long> relayed = relayed(first);
      assertTrue(
          relayed.containsAll(LongStream.rangeClosed(6, 20).boxed().toList()), relayed.toString());
      assertTrue(relayed.stream().noneMatch(time -> time <= 5), relayed.toString());
    } finally {
      second.shutdown();
      first.shutdown();
    }
  }

  private static void submit(HazelcastInstance member, String name, String map) throws Exception {
    String request =
        """
        {"verb": "submit", "pipeline": {"name": "%s", "snapshot_interval_ms": 600000, "vertices": [
          {"name": "in", "kind": "journal", "map": "%s", "start": "newest"},
          {"name": "out", "kind": "topic", "from": "in", "topic": "relayed",
           "receives": {"as": "batches"}}]}}
        """
            .formatted(name, map);
    String answer =
        member.getExecutorService(JobCommand.EXECUTOR).submit(new JobCommand(request)).get();
    assertTrue(answer.contains("\"running\""), answer);
  }

  private static void put(IMap<String, Batch> events, long from, long to) {
    for (long time = from; time <= to; time++) {
      events.set("0", new Batch("0", time, new byte[] {1}));
    }
  }

  private static void awaitProgress(HazelcastInstance member, String job, long timeNs) {
    IMap<String, Long> progress = member.getMap("DOLPHIN_PROGRESS");
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!Long.valueOf(timeNs).equals(progress.get(job)) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
    assertEquals(timeNs, progress.get(job), job);
  }

  /** The times of the batches on the topic, in order. */
  private static List<Long> relayed(HazelcastInstance member) throws Exception {
    Ringbuffer<ReliableTopicMessage> ring = member.getRingbuffer("_hz_rb_relayed");
    ReadResultSet<ReliableTopicMessage> all =
        ring.readManyAsync(ring.headSequence(), 0, LoopbackMember.JOURNAL_CAPACITY, null)
            .toCompletableFuture()
            .get();
    List<Long> times = new ArrayList<>();
    for (ReliableTopicMessage message : all) {
      times.add(((Batch) toObject(member, message)).timeNs());
    }
    return times;
  }

  private static Object toObject(HazelcastInstance member, ReliableTopicMessage message) {
    return ((SerializationServiceSupport) member)
        .getSerializationService()
        .toObject(message.getPayload());
  }

  /** Takes every thread of its member on which Jet readies processors. */
  private static final class Busy extends AbstractProcessor {
    private static final int THREADS = Runtime.getRuntime().availableProcessors();
    private static CountDownLatch begun;
    private static CountDownLatch free;

    @Override
    protected void init(Context context) throws InterruptedException {
      begun.countDown();
      free.await();
    }
  }
}
