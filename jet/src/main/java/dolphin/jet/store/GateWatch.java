package dolphin.jet.store;

import com.hazelcast.logging.ILogger;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * What this member knows about the database without asking it: which revision of each gate it has
 * seen there, and whether the database still answers.
 *
 * <p>It asks {@link #PERIOD_MS every 250 ms}. A gate that somebody else changed is forgotten, so
 * that this member has to ask before it renews that gate's lease; once the database does not
 * answer, this member acts on no gate until it does, and asks from its own thread only, so that a
 * database that hangs holds up the thread of a partition at most once. It has a connection of its
 * own, and does the database's housekeeping: no cut waits for either.
 */
final class GateWatch implements AutoCloseable {

  static final long PERIOD_MS = 250;

  /** An answer older than this is no answer. */
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final GateDatabase database;
  private final LoadFinisher loads;
  private final ILogger logger;
  private final Map<String, Revision> seen = new ConcurrentHashMap<>();
  private final ScheduledExecutorService thread;
  private volatile long answeredNanos = System.nanoTime();
  private volatile String trouble = "";

  /** Closes {@code database} in the end. */
  GateWatch(GateDatabase database, LoadFinisher loads, ILogger logger) {
    this.database = database;
    this.loads = loads;
    this.logger = logger;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread watch = new Thread(task, "dolphin-gate-watch");
              watch.setDaemon(true);
              return watch;
            });
    var unused =
        thread.scheduleWithFixedDelay(this::look, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Returns if the database answered the last time it was asked.
   *
   * @throws GateStoreException if it did not
   */
  void requireAnswering() {
    String now = trouble;
    if (!now.isEmpty()) {
      throw new GateStoreException(now, null);
    }
  }

  /** Whether {@code revision} is what the database held for {@code key} at most a second ago. */
  boolean holds(String key, Revision revision) {
    return revision.equals(seen.get(key)) && System.nanoTime() - answeredNanos < FRESH_NANOS;
  }

  /** The database answered that it holds {@code revision} for {@code key}. */
  void answered(String key, Revision revision) {
    seen.put(key, revision);
  }

  /** A request of a partition's thread failed. */
  void failed(GateStoreException why) {
    if (trouble.isEmpty()) {
      logger.severe("nothing is granted: " + why.getMessage());
    }
    trouble = why.getMessage();
  }

  private void look() {
    long askedNanos = System.nanoTime();
    try {
      Map<String, Revision> held = database.revisions();
      held.forEach((key, revision) -> seen.computeIfPresent(key, (k, was) -> newer(was, revision)));
      answeredNanos = askedNanos;
      if (!trouble.isEmpty()) {
        trouble = "";
        logger.info("the gate database answers again");
      }
      database.tidyUp();
      loads.look();
    } catch (GateStoreException e) {
      failed(e);
    } catch (RuntimeException e) { // the member is going down, or its partitions are; look again
      logger.fine("the watch of the gates looks again: " + e);
    }
  }

  /** Null, which forgets the gate, if another member took it further than this one has seen. */
  private static Revision newer(Revision was, Revision held) {
    return held.version() > was.version() ? null : was;
  }

  @Override
  public void close() {
    thread.shutdownNow();
    database.close();
  }
}
