package dolphin.jet.gates.store;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.RestartableException;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import com.hazelcast.spi.exception.RetryableException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Calls an entry processor on a gate until it is known what came of it.
 *
 * <p>After an exception the database may hold the new value while memory holds the old one (the
 * owner died between the two, or its copy was stale), so the key is evicted, which the store does
 * not see, and the next call loads what the database holds. A rule that had been applied finds its
 * signal old then. After {@link #MAX_ATTEMPTS} the call fails with a {@link RestartableException}:
 * the job starts again from its snapshot, and the signal comes again.
 */
public final class Rereading {

  /** With the pauses between them about 1.5 s: shorter than a closing job waits for its calls. */
  static final int MAX_ATTEMPTS = 6;

  private static final long FIRST_PAUSE_MS = 50;
  private static final int THREADS = 2;

  /** Eviction blocks, and neither Jet's thread nor Hazelcast's may. */
  private static final Executor EVICTING =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            Thread thread = new Thread(task, "dolphin-gate-evict");
            thread.setDaemon(true);
            return thread;
          });

  private final IMap<String, byte[]> map;

  private Rereading(IMap<String, byte[]> map) {
    this.map = map;
  }

  /** Calls on {@code map}, which must write through to a store: eviction would empty another. */
  public static Rereading of(HazelcastInstance member, String map) {
    if (!writesThrough(member, map)) {
      throw new IllegalArgumentException("the map " + map + " has no store to read again from");
    }
    return new Rereading(member.getMap(map));
  }

  /** Whether {@code map} has a store. */
  public static boolean writesThrough(HazelcastInstance member, String map) {
    return member.getConfig().findMapConfig(map).getMapStoreConfig().isEnabled();
  }

  /** The answer of {@code processor} on {@code key}; each attempt takes a new one. */
  public CompletableFuture<byte[]> submit(
      String key, Supplier<EntryProcessor<String, byte[], byte[]>> processor) {
    return attempt(key, processor, 1);
  }

  private CompletableFuture<byte[]> attempt(
      String key, Supplier<EntryProcessor<String, byte[], byte[]>> processor, int attempt) {
    return map.submitToKey(key, processor.get())
        .toCompletableFuture()
        .exceptionallyCompose(error -> again(key, processor, attempt, cause(error)));
  }

  private CompletableFuture<byte[]> again(
      String key,
      Supplier<EntryProcessor<String, byte[], byte[]>> processor,
      int attempt,
      Throwable error) {
    if (!(error instanceof HazelcastException || error instanceof RetryableException)) {
      return CompletableFuture.failedFuture(error); // a fault of ours, which no repetition mends
    }
    if (attempt == MAX_ATTEMPTS) {
      return CompletableFuture.failedFuture(new RestartableException(error));
    }
    long pauseMs = FIRST_PAUSE_MS << (attempt - 1);
    return CompletableFuture.supplyAsync(
            () -> map.evict(key),
            CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS, EVICTING))
        // An eviction that failed may leave a stale copy, whose write the database will refuse.
        .handle((evicted, failed) -> attempt + 1)
        .thenCompose(next -> attempt(key, processor, next));
  }

  private static Throwable cause(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }
}
