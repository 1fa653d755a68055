package dolphin.jet.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.JetException;
import com.hazelcast.jet.core.Watermark;
import com.hazelcast.jet.core.test.TestInbox;
import com.hazelcast.jet.core.test.TestOutbox;
import com.hazelcast.jet.core.test.TestProcessorContext;
import com.hazelcast.map.IMap;
import com.hazelcast.topic.ITopic;
import dolphin.jet.LoopbackMember;
import dolphin.jet.wire.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LogSourceTest {

  private static final int ROOM = 1024;

  private static HazelcastInstance member;

  @BeforeAll
  static void startMember() {
    member = LoopbackMember.start();
  }

  @AfterAll
  static void stopMember() {
    member.shutdown();
  }

  @Test
  void everyBatchIsFollowedByAWatermarkOfItsTime() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-order");
    put(events, "0", 1, 3);
    Run run = new Run(journal("journaled-order"), StartAt.OLDEST, ROOM);
    assertEquals(
        List.of(1L, new Watermark(1), 2L, new Watermark(2), 3L, new Watermark(3)), run.take(6));
    put(events, "0", 4, 4);
    assertEquals(List.of(4L, new Watermark(4)), run.take(2));
  }

  @Test
  void aBatchOlderThanTheClockIsEmittedWithoutAWatermark() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-late");
    put(events, "0", 5, 5);
    put(events, "0", 4, 4);
    Run run = new Run(journal("journaled-late"), StartAt.OLDEST, ROOM);
    assertEquals(List.of(5L, new Watermark(5), 4L), run.take(3));
  }

  @Test
  void startingAtTheNewestSkipsWhatIsThere() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-newest");
    put(events, "0", 1, 3);
    Run run = new Run(journal("journaled-newest"), StartAt.NEWEST, ROOM);
    put(events, "0", 4, 4);
    assertEquals(List.of(4L, new Watermark(4)), run.take(2));
  }

  @Test
  void theNewestIsWhatItWasWhenTheJobWasSubmitted() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-submitted");
    put(events, "0", 1, 3);
    Places places = Places.now(StartAt.NEWEST, member, journal("journaled-submitted"));
    put(events, "0", 4, 4);
    Run run = new Run(journal("journaled-submitted"), places, ROOM);
    assertEquals(List.of(4L, new Watermark(4)), run.take(2));
  }

  @Test
  void theNewestOfATopicIsWhatItWasWhenTheJobWasSubmitted() throws Exception {
    LogReader.Factory reader =
        (instance, partitions) -> new TopicReader(instance, List.of("submitted.0", "submitted.1"));
    member.<Batch>getReliableTopic("submitted.1").publish(batch("1", 10));
    Places places = Places.now(StartAt.NEWEST, member, reader);
    member.<Batch>getReliableTopic("submitted.1").publish(batch("1", 11));
    Run run = new Run(reader, places, ROOM);
    assertEquals(List.of(11L, new Watermark(11)), run.take(2));
  }

  @Test
  void aStrandWithoutAPlaceIsReadFromItsOldestItem() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-unplaced");
    put(events, "0", 1, 1);
    Run run = new Run(journal("journaled-unplaced"), new Places(Map.of()), ROOM);
    assertEquals(List.of(1L, new Watermark(1)), run.take(2));
  }

  @Test
  void removalsAreNotBatches() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-removal");
    put(events, "0", 1, 1);
    events.delete("0");
    put(events, "0", 2, 2);
    Run run = new Run(journal("journaled-removal"), StartAt.OLDEST, ROOM);
    assertEquals(List.of(1L, new Watermark(1), 2L, new Watermark(2)), run.take(4));
  }

  @Test
  void aRestoredSourceGoesOnExactlyAfterWhatItHadEmitted() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-restore");
    put(events, "0", 1, 20);
    // Room for two: the snapshot falls between two items of one read.
    Run first = new Run(journal("journaled-restore"), StartAt.OLDEST, 2);
    List<Object> before = first.take(10);
    Run second = first.restored(journal("journaled-restore"));
    before.addAll(first.flushed);
    put(events, "0", 21, 21);
    before.addAll(second.takeThrough(21));
    assertEquals(
        LongStream.rangeClosed(1, 21).boxed().toList(),
        before.stream().filter(item -> item instanceof Long).toList());
  }

  @Test
  void lostItemsAreCountedAndTheRestStillComes() throws Exception {
    IMap<String, Batch> events = member.getMap("journaled-lost");
    put(events, "0", 1, 1);
    Run run = new Run(journal("journaled-lost"), StartAt.OLDEST, ROOM);
    Run late = run.restored(journal("journaled-lost"));
    put(events, "0", 2, LoopbackMember.JOURNAL_CAPACITY + 11);
    List<Object> taken = late.take(LoopbackMember.JOURNAL_CAPACITY);
    assertEquals(12L, taken.get(0), "items 1 to 11 had been overwritten");
    assertEquals(11, late.lost.get());
  }

  @Test
  void topicsAreReadFromTheirRingBuffers() throws Exception {
    ITopic<Batch> one = member.getReliableTopic("topic.1");
    one.publish(batch("1", 10));
    LogReader.Factory reader =
        (instance, partitions) -> new TopicReader(instance, List.of("topic.0", "topic.1"));
    Run run = new Run(reader, StartAt.OLDEST, ROOM);
    assertEquals(List.of(10L, new Watermark(10)), run.take(2));
    member.<Batch>getReliableTopic("topic.0").publish(batch("0", 20));
    one.publish(batch("1", 15));
    List<Object> rest = run.take(3);
    assertTrue(rest.contains(new Watermark(15)), "the slower of the two shards: " + rest);
    Run restored = run.restored(reader);
    one.publish(batch("1", 21));
    assertEquals(21L, restored.take(1).get(0));
  }

  @Test
  void aTopicThatCarriesAnythingElseIsNamed() throws Exception {
    member.<String>getReliableTopic("text").publish("hello");
    LogReader.Factory reader = (instance, partitions) -> new TopicReader(instance, List.of("text"));
    Run run = new Run(reader, StartAt.OLDEST, ROOM);
    JetException refused = assertThrows(JetException.class, () -> run.take(1));
    assertTrue(refused.getMessage().contains("[text]"), refused.getMessage());
  }

  private static LogReader.Factory journal(String map) {
    return (instance, partitions) -> new JournalReader(instance, map, partitions);
  }

  private static void put(IMap<String, Batch> events, String shard, long from, long to) {
    LongStream.rangeClosed(from, to).forEach(time -> events.set(shard, batch(shard, time)));
  }

  private static Batch batch(String shard, long timeNs) {
    return new Batch(shard, timeNs, new byte[] {1, 2, 3});
  }

  /** A source at work: what it emits, batches as their times. */
  private static final class Run {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final int room;
    private final TestOutbox outbox;
    private final LogSource source;

    /** What left while a snapshot was taken; it is before the snapshot's barrier. */
    private final List<Object> flushed = new ArrayList<>();

    private final AtomicLong lost = new AtomicLong();

    Run(LogReader.Factory reader, StartAt startAt, int room) throws Exception {
      this(reader, Places.now(startAt, member, reader), room);
    }

    Run(LogReader.Factory reader, Places places, int room) throws Exception {
      this.room = room;
      outbox = new TestOutbox(new int[] {room}, LoopbackMember.PARTITIONS);
      source = new LogSource(reader, places, () -> lost::set);
      source.init(
          outbox,
          new TestProcessorContext()
              .setHazelcastInstance(member)
              .setPartitionAssignment(
                  Map.of(member.getCluster().getLocalMember().getAddress(), new int[] {0, 1, 2})));
    }

    /** The next {@code count} items, or fewer if no more come. */
    List<Object> take(int count) {
      List<Object> taken = new ArrayList<>();
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      while (taken.size() < count && System.nanoTime() < deadline) {
        outbox.reset();
        source.complete();
        taken.addAll(drained());
      }
      return taken;
    }

    private List<Object> drained() {
      List<Object> items = new ArrayList<>();
      outbox.drainQueueAndReset(0, items, false);
      items.replaceAll(item -> item instanceof Batch batch ? (Object) batch.timeNs() : item);
      return items;
    }

    /** Everything up to the batch of {@code timeNs}. */
    List<Object> takeThrough(long timeNs) {
      List<Object> taken = new ArrayList<>();
      while (!taken.contains(timeNs)) {
        List<Object> more = take(1);
        assertFalse(more.isEmpty(), "no more than " + taken);
        taken.addAll(more);
      }
      return taken;
    }

    /** A new source that starts from a snapshot of this one. */
    Run restored(LogReader.Factory reader) throws Exception {
      List<Entry<Object, Object>> snapshot = new ArrayList<>();
      boolean isDone = false;
      while (!isDone) {
        outbox.reset();
        isDone = source.saveToSnapshot();
        flushed.addAll(drained());
        outbox.drainSnapshotQueueAndReset(snapshot, false);
      }
      source.close();
      Run next = new Run(reader, StartAt.NEWEST, room);
      TestInbox inbox = new TestInbox();
      inbox.queue().addAll(snapshot);
      next.source.restoreFromSnapshot(inbox);
      next.source.finishSnapshotRestore();
      return next;
    }
  }
}
