package dolphin.jet.health;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import dolphin.jet.gates.msgpack.Writer;
import java.util.concurrent.CompletableFuture;

/**
 * The heartbeat of one part, which its owner gives turns to: at most one record every {@link
 * #EVERY_MS} and one write under way. The record is that of {@code dolphin.core.health.heartbeat}.
 *
 * <p>A write that fails is made good by the next one; what it would prove is not proved meanwhile.
 * Not thread-safe.
 */
public final class Heartbeat {

  public static final String MAP = "SYSTEM_HEALTH";
  public static final long EVERY_MS = 500;

  /** A turn that comes a little early is one. */
  private static final long SLACK_MS = 50;

  private static final long NANOS_PER_MS = 1_000_000;

  private final IMap<String, byte[]> map;
  private final String part;
  private CompletableFuture<Void> write = CompletableFuture.completedFuture(null);
  private long writtenMs;
  private long marketTimeNs;
  private long movedMs;

  public Heartbeat(HazelcastInstance member, String part) {
    this.map = member.getMap(MAP);
    this.part = part;
  }

  /**
   * Writes a record if it is time; {@code reachedNs} is how far the part has come, 0 if nowhere.
   */
  public void turn(long reachedNs, long nowMs) {
    if (nowMs - writtenMs < EVERY_MS - SLACK_MS || !write.isDone()) {
      return;
    }
    if (movedMs == 0 || reachedNs > marketTimeNs) {
      movedMs = nowMs;
    }
    marketTimeNs = Math.max(marketTimeNs, reachedNs);
    writtenMs = nowMs;
    write = map.setAsync(part, record(marketTimeNs, nowMs, movedMs)).toCompletableFuture();
  }

  static byte[] record(long marketTimeNs, long nowMs, long movedMs) {
    return new Writer()
        .map(6)
        .text("value")
        .whole(marketTimeNs)
        .text("updated_at")
        .whole(nowMs * NANOS_PER_MS)
        .text("moved_at")
        .whole(movedMs * NANOS_PER_MS)
        .text("nominal")
        .claim(true)
        .text("multiplier")
        .whole(1_000_000)
        .text("detail")
        .text("")
        .bytes();
  }
}
