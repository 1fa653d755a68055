package dolphin.jet.gates.store;

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
 * <p>It asks {@link #PERIOD_MS every 250 ms} for one number, and reads the revisions only if that
 * says that somebody else changed a gate. This member's older revision of that gate is then no
 * longer the one seen, so that it has to ask before it renews the lease; once the database does not
 * answer, this member acts on no gate until it does, and asks from its own thread only, so that a
 * database that hangs holds up the thread of a partition at most once. It has a connection of its
 * own, and does the database's housekeeping: no cut waits for either.
 *
 * <p>A change that could not be written is owed: its gate is renewed no more, so that its lease
 * runs out, and the watch writes the change as soon as it can. Whoever made it may have been told
 * that it failed; the gate is then asked for before the next signal, as after any unknown outcome.
 */
final class GateWatch implements AutoCloseable {

  static final long PERIOD_MS = 250;

  /** Tidying up keeps the disk busy, and a commit waits for that: every five seconds will do. */
  static final int LOOKS_PER_TIDYING = 20;

  /** An answer older than this is no answer. */
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final GateDatabase database;
  private final LoadFinisher loads;
  private final ILogger logger;

  /** Of each gate the last revision that the database was known to hold; versions only rise. */
  private final Map<String, Revision> seen = new ConcurrentHashMap<>();

  /** Changes that the database lacks. */
  private final Map<String, Owed> owed = new ConcurrentHashMap<>();

  private final ScheduledExecutorService thread;
  private volatile long answeredNanos = System.nanoTime();
  private volatile String trouble = "";
  private int looks;

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

  /**
   * Returns unless {@code revision} of {@code key} is older than a change that could not be
   * written.
   *
   * @throws GateStoreException if it is
   */
  void requireNotOwed(String key, Revision revision) {
    Owed change = owed.get(key);
    if (change != null && revision.version() < change.revision.version()) {
      throw new GateStoreException(
          "a change of " + key + " could not be stored, and nothing is granted before it is", null);
    }
  }

  /** The database answered that it holds {@code revision} for {@code key}. */
  void answered(String key, Revision revision) {
    seen.merge(key, revision, GateWatch::later);
    owed.computeIfPresent(
        key, (same, change) -> change.revision.version() > revision.version() ? change : null);
  }

  /** {@code value} could not be written; unless it is a renewal, which changes nothing there. */
  void owe(String key, Revision revision, byte[] value) {
    Revision held = seen.get(key);
    if (held == null || revision.version() > held.version()) {
      owed.put(key, new Owed(revision, value));
    }
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
      // No version added up here is above the one that the database holds when it is asked
      // afterwards, so the sums are equal only if every version is; asked the other way round, a
      // write of this member in between could make up for one of somebody else.
      long seenVersions = seen.values().stream().mapToLong(Revision::version).sum();
      if (database.sumOfVersions() != seenVersions) {
        database.revisions().forEach(this::answered);
      }
      answeredNanos = askedNanos;
      if (!trouble.isEmpty()) {
        trouble = "";
        logger.info("the gate database answers again");
      }
      payWhatIsOwed();
      if (++looks % LOOKS_PER_TIDYING == 0) {
        tidyUp();
      }
      loads.look();
    } catch (GateStoreException e) {
      failed(e);
    } catch (RuntimeException e) { // the member is going down, or its partitions are; look again
      logger.fine("the watch of the gates looks again: " + e);
    }
  }

  private void payWhatIsOwed() {
    try {
      owed.forEach(this::pay);
    } catch (GateStoreException e) {
      logger.fine("changes are still owed: " + e.getMessage());
    }
  }

  private void pay(String key, Owed change) {
    try {
      database.store(key, change.revision, change.value);
      answered(key, change.revision);
      logger.info("the change of " + key + " is stored");
    } catch (StaleGateException other) { // somebody else's change is there, and is asked for
      owed.remove(key, change);
    }
  }

  /** A disk without room for it keeps nobody from asking. */
  private void tidyUp() {
    try {
      database.tidyUp();
    } catch (GateStoreException e) {
      logger.fine("not tidied up: " + e.getMessage());
    }
  }

  /** A database takes a version once, so that the version alone tells two revisions apart. */
  private static Revision later(Revision was, Revision held) {
    return held.version() > was.version() ? held : was;
  }

  /** A change that the database lacks. */
  private static final class Owed {
    final Revision revision;
    final byte[] value;

    Owed(Revision revision, byte[] value) {
      this.revision = revision;
      this.value = value;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    database.close();
  }
}
