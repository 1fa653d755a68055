package dolphin.jet.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import com.hazelcast.ringbuffer.Ringbuffer;
import dolphin.jet.LoopbackMember;
import dolphin.jet.wire.Batch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ThreeMembersTest {

  private static final String RELAY =
      """
      {"verb": "submit", "pipeline": {"name": "relay", "snapshot_interval_ms": 100, "vertices": [
        {"name": "in", "kind": "journal", "map": "journaled", "start": "oldest"},
        {"name": "out", "kind": "topic", "from": "in", "topic": "relayed",
         "receives": {"as": "batches"}}]}}
      """;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Two of the three sources never have a batch; then a member goes, and two are a majority. */
  @Test
  void progressNeedsNeitherASilentMembersSourceNorAMemberThatLeft() throws Exception {
    HazelcastInstance first = LoopbackMember.start();
    HazelcastInstance second = LoopbackMember.join(first);
    HazelcastInstance third = LoopbackMember.join(first);
    try {
      assertEquals(3, first.getCluster().getMembers().size());
      String answer =
          first.getExecutorService(JobCommand.EXECUTOR).submit(new JobCommand(RELAY)).get();
      assertTrue(answer.contains("\"running\""), answer);
      IMap<String, Batch> events = first.getMap("journaled");

      put(events, 1, 20);
      awaitProgress(first, 20);
      third.shutdown();
      put(events, 21, 40);
      awaitProgress(first, 40);

      Ringbuffer<Object> relayed = first.getRingbuffer("_hz_rb_relayed");
      assertTrue(relayed.size() >= 40, "every batch was relayed at least once");
    } finally {
      third.shutdown();
      second.shutdown();
      first.shutdown();
    }
  }

  private static void put(IMap<String, Batch> events, long from, long to) {
    for (long time = from; time <= to; time++) {
      events.set("0", new Batch("0", time, new byte[] {1}));
    }
  }

  private static void awaitProgress(HazelcastInstance member, long timeNs) {
    IMap<String, Long> progress = member.getMap("DOLPHIN_PROGRESS");
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!Long.valueOf(timeNs).equals(progress.get("relay")) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    assertEquals(timeNs, progress.get("relay"));
  }
}
