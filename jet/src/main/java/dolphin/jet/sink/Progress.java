package dolphin.jet.sink;

import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.Watermark;
import com.hazelcast.map.IMap;
import dolphin.jet.health.Heartbeat;
import dolphin.jet.wire.Waker;
import java.util.concurrent.CompletableFuture;

/**
 * Writes the market time up to which a job has finished everything to {@link #MAP}.
 *
 * <p>Every leaf of a job's graph leads here, and {@link AsyncCall} forwards a watermark only when
 * all before it is written, so the coalesced watermark is that time. One write is under way at a
 * time; when several watermarks arrive meanwhile, only the latest is written next.
 *
 * <p>It is also the job's heartbeat: its turns come whether or not there is anything to do.
 */
final class Progress extends AbstractProcessor {

  static final String MAP = "DOLPHIN_PROGRESS";

  private final String job;
  private final Waker waker = new Waker();
  private IMap<String, Long> map;
  private Heartbeat heartbeat;
  private CompletableFuture<Void> write = CompletableFuture.completedFuture(null);
  private long writtenNs = Long.MIN_VALUE;
  private long reachedNs = Long.MIN_VALUE;

  Progress(String job) {
    this.job = job;
  }

  @Override
  protected void init(Context context) {
    map = context.hazelcastInstance().getMap(MAP);
    heartbeat = new Heartbeat(context.hazelcastInstance(), job);
  }

  /** Rows and batches that reach a leaf have served their purpose; only time matters here. */
  @Override
  protected boolean tryProcess(int ordinal, Object item) {
    return true;
  }

  @Override
  public boolean tryProcess() {
    waker.attach();
    heartbeat.turn(Math.max(0, writtenNs), System.currentTimeMillis());
    if (write.isDone()) {
      write.join(); // a failed write fails the job
      if (reachedNs > writtenNs) {
        writtenNs = reachedNs;
        write = map.setAsync(job, writtenNs).toCompletableFuture();
        waker.wakeAfter(write);
      }
    }
    return true;
  }

  @Override
  public boolean tryProcessWatermark(Watermark watermark) {
    reachedNs = watermark.timestamp();
    return true;
  }

  @Override
  public boolean closeIsCooperative() {
    return true;
  }
}
