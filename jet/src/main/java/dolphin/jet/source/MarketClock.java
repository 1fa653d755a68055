package dolphin.jet.source;

import java.util.HashMap;
import java.util.Map;

/**
 * The market time up to which a source has seen everything, from the times of its batches.
 *
 * <p>Several shards arrive interleaved, each in order. What is complete is the minimum over the
 * shards; a shard that has fallen more than {@link #IDLE_AFTER_NS} of market time behind the newest
 * is left out, so that a dead feed does not hold up the others. With one shard the result is the
 * time of its latest batch, whatever the speed of the replay.
 */
final class MarketClock {

  static final long IDLE_AFTER_NS = 1_000_000_000L;

  private final Map<String, Long> latestByShard = new HashMap<>();
  private long newest = Long.MIN_VALUE;
  private long emitted = Long.MIN_VALUE;

  /**
   * Takes note of a batch of {@code shard} that ends at {@code timeNs}.
   *
   * @return whether {@link #nowNs} has risen
   */
  boolean observe(String shard, long timeNs) {
    latestByShard.merge(shard, timeNs, Math::max);
    newest = Math.max(newest, timeNs);
    long minimum = newest;
    for (long latest : latestByShard.values()) {
      if (latest > newest - IDLE_AFTER_NS) {
        minimum = Math.min(minimum, latest);
      }
    }
    if (minimum <= emitted) {
      return false;
    }
    emitted = minimum;
    return true;
  }

  /** The last complete market time, nanoseconds; {@link Long#MIN_VALUE} before the first batch. */
  long nowNs() {
    return emitted;
  }
}
