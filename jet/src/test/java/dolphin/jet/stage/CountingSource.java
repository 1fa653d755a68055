package dolphin.jet.stage;

import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.BroadcastKey;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import com.hazelcast.jet.core.Watermark;
import dolphin.jet.wire.Row;

/**
 * Rows 0, 1, 2, ... with their number as value and one of {@code keys} keys, at a given pace; then
 * nothing more. Replayable: its position is in Jet's snapshots.
 */
final class CountingSource extends AbstractProcessor {

  private static final String POSITION = "position";

  private final long count;
  private final int keys;
  private final long perSecond;
  private long next;
  private Object pending;
  private long startNs;
  private long startedAt;

  private CountingSource(long count, int keys, long perSecond) {
    this.count = count;
    this.keys = keys;
    this.perSecond = perSecond;
  }

  /** One source in the cluster. */
  static ProcessorMetaSupplier supplier(long count, int keys, long perSecond) {
    return ProcessorMetaSupplier.forceTotalParallelismOne(
        ProcessorSupplier.of(() -> new CountingSource(count, keys, perSecond)), "source");
  }

  static String key(long number, int keys) {
    return "k" + number % keys;
  }

  @Override
  public boolean complete() {
    if (startNs == 0) {
      startNs = System.nanoTime();
      startedAt = next;
    }
    long due = startedAt + (System.nanoTime() - startNs) / 1_000 * perSecond / 1_000_000;
    while (next < Math.min(due, count)) {
      if (pending == null) {
        pending = new Row(key(next, keys), StageMember.bytes(next));
      }
      if (!tryEmit(pending)) {
        return false;
      }
      pending = null;
      next++;
    }
    // a source that completes leaves Jet's snapshots, and would begin anew after a restart
    return false;
  }

  @Override
  public boolean saveToSnapshot() {
    return tryEmitToSnapshot(BroadcastKey.broadcastKey(POSITION), next);
  }

  @Override
  protected void restoreFromSnapshot(Object key, Object value) {
    next = (Long) value;
  }

  @Override
  public boolean tryProcessWatermark(Watermark watermark) {
    throw new AssertionError("a source has no input");
  }
}
