package dolphin.jet.source;

import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.jet.Traverser;
import com.hazelcast.jet.Traversers;
import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.BroadcastKey;
import com.hazelcast.jet.core.Watermark;
import com.hazelcast.jet.core.metrics.Metrics;
import com.hazelcast.jet.core.metrics.Unit;
import com.hazelcast.jet.impl.execution.WatermarkCoalescer;
import com.hazelcast.ringbuffer.ReadResultSet;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Waker;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Map.Entry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Emits the batches of a {@link LogReader} as they are appended, each followed by a watermark of
 * its market time.
 *
 * <p>Every strand has one long poll under way. When it completes, the cooperative thread is woken
 * instead of finding out at the end of its back-off; that is where the stock journal source loses
 * its latency. The offset of the next item to emit is what goes into a snapshot, so a restored job
 * emits exactly the items after it. Items that the log dropped before they were read are counted
 * ({@code lostItems}) and logged as severe: what is computed from a log with a hole is wrong.
 */
final class LogSource extends AbstractProcessor {

  /** A source silent for this long (wall time) does not hold up the watermarks of other members. */
  private static final long IDLE_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LogReader.Factory factory;
  private final Places places;
  private final Supplier<LongConsumer> lostItemsMetric;
  private final Waker waker = new Waker();
  private final MarketClock clock = new MarketClock();
  private final Map<String, Long> restored = new HashMap<>();

  private LogReader reader;

  /** Per strand: what a snapshot stores, and what is asked for next. */
  private long[] emitOffsets;

  private long[] readOffsets;
  private CompletableFuture<? extends ReadResultSet<?>>[] reads;
  private int cursor;

  /**
   * The read being emitted, its strand, and the two things that may wait for room in the outbox.
   */
  private ReadResultSet<?> items;

  private int itemsStrand;
  private int position;
  private Batch batch;
  private Watermark watermark;

  private Traverser<Entry<BroadcastKey<String>, Long>> snapshot;
  private boolean isAlone;
  private boolean isIdle;
  private long lastBatchNanos;
  private long lost;
  private LongConsumer lostItems;

  LogSource(LogReader.Factory factory, Places places) {
    this(factory, places, () -> Metrics.metric("lostItems", Unit.COUNT)::set);
  }

  /** {@code lostItemsMetric} is asked on the processor's thread, where Jet can tell whose it is. */
  LogSource(LogReader.Factory factory, Places places, Supplier<LongConsumer> lostItemsMetric) {
    this.factory = factory;
    this.places = places;
    this.lostItemsMetric = lostItemsMetric;
  }

  @Override
  protected void init(Context context) {
    reader = factory.create(context.hazelcastInstance(), context.processorPartitions());
    isAlone = context.totalParallelism() == 1;
    lastBatchNanos = System.nanoTime() - IDLE_AFTER_NANOS;
    emitOffsets = places.of(reader);
    readOffsets = emitOffsets.clone();
  }

  @Override
  public boolean complete() {
    waker.attach();
    if (reads == null) {
      lostItems = lostItemsMetric.get();
      startReading();
    }
    // Each strand once a call, so that a busy strand cannot starve a quiet one.
    for (int i = 0; i < reads.length; i++) {
      if (!emitItems()) {
        return false;
      }
      cursor = (cursor + 1) % reads.length;
      takeRead(cursor);
    }
    if (emitItems()) {
      emitIdleness();
    }
    return false;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private void startReading() {
    reads = new CompletableFuture[reader.strands()];
    for (int i = 0; i < reads.length; i++) {
      poll(i);
    }
  }

  private void poll(int strand) {
    reads[strand] = reader.read(strand, readOffsets[strand]).toCompletableFuture();
    waker.wakeAfter(reads[strand]);
  }

  private void takeRead(int strand) {
    if (!reads[strand].isDone()) {
      return;
    }
    ReadResultSet<?> result = result(reads[strand]);
    if (result == null) {
      return;
    }
    countLost(strand, result);
    readOffsets[strand] = result.getNextSequenceToReadFrom();
    poll(strand);
    items = result;
    itemsStrand = strand;
    position = 0;
  }

  /** The items of a completed read; null while the member shuts down, which ends the job anyway. */
  private static ReadResultSet<?> result(CompletableFuture<? extends ReadResultSet<?>> read) {
    try {
      return read.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof HazelcastInstanceNotActiveException) {
        return null;
      }
      throw e;
    } catch (HazelcastInstanceNotActiveException e) {
      return null;
    }
  }

  private void countLost(int strand, ReadResultSet<?> result) {
    long first = result.getNextSequenceToReadFrom() - result.readCount();
    long missed = first - readOffsets[strand];
    if (missed <= 0) {
      return;
    }
    lost += missed;
    lostItems.accept(lost);
    getLogger()
        .severe(
            missed
                + " items of "
                + reader.strand(strand)
                + " were overwritten before they were read: everything computed from here on misses"
                + " them. Raise the capacity of the log or the speed of the job");
  }

  /** Returns false if the outbox is full. */
  private boolean emitItems() {
    while (emitPending()) {
      if (items == null) {
        return true;
      }
      if (position == items.size()) {
        items = null;
        return true;
      }
      Object item = items.get(position);
      if (item != null) {
        batch = reader.batch(item);
        if (clock.observe(batch.key(), batch.timeNs())) {
          watermark = new Watermark(clock.nowNs());
        }
        isIdle = false;
        lastBatchNanos = System.nanoTime();
      }
      emitOffsets[itemsStrand] = items.getSequence(position) + 1;
      position++;
    }
    return false;
  }

  private boolean emitPending() {
    if (batch != null) {
      if (!tryEmit(batch)) {
        return false;
      }
      batch = null;
    }
    if (watermark != null) {
      if (!tryEmit(watermark)) {
        return false;
      }
      watermark = null;
    }
    return true;
  }

  private void emitIdleness() {
    if (!isAlone && !isIdle && System.nanoTime() - lastBatchNanos >= IDLE_AFTER_NANOS) {
      isIdle = tryEmit(WatermarkCoalescer.IDLE_MESSAGE);
    }
  }

  @Override
  public boolean saveToSnapshot() {
    // What is pending counts as emitted in emitOffsets, so it has to leave before the barrier.
    if (!emitPending()) {
      return false;
    }
    if (snapshot == null) {
      long[] offsets = Arrays.copyOf(emitOffsets, emitOffsets.length);
      snapshot =
          Traversers.traverseStream(
              IntStream.range(0, offsets.length)
                  .mapToObj(
                      i -> Map.entry(BroadcastKey.broadcastKey(reader.strand(i)), offsets[i])));
    }
    if (!emitFromTraverserToSnapshot(snapshot)) {
      return false;
    }
    snapshot = null;
    return true;
  }

  @Override
  @SuppressWarnings("unchecked")
  protected void restoreFromSnapshot(Object key, Object value) {
    // Broadcast: after a rescaling any processor may be the one that now reads the strand.
    restored.put(((BroadcastKey<String>) key).key(), (Long) value);
  }

  @Override
  public boolean finishSnapshotRestore() {
    for (int i = 0; i < emitOffsets.length; i++) {
      Long offset = restored.get(reader.strand(i));
      if (offset != null) {
        emitOffsets[i] = readOffsets[i] = offset;
      }
    }
    restored.clear();
    return true;
  }

  @Override
  public boolean closeIsCooperative() {
    return true;
  }

  @Override
  public void close() {
    if (reads != null) {
      for (CompletableFuture<?> read : reads) {
        read.cancel(true);
      }
    }
  }
}
