package dolphin.jet.gates.store;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.MapInterceptor;
import com.hazelcast.map.MapLoaderLifecycleSupport;
import com.hazelcast.map.MapStore;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a member at a chosen step of an entry processor, once. The steps are seen from outside the
 * product: by an interceptor on the map and by a store around the store.
 */
final class FatalStep {

  enum When {
    BEFORE_RULE,
    AFTER_RULE,
    BEFORE_COMMIT,
    AFTER_COMMIT,
    BEFORE_BACKUP,
    BEFORE_ANSWER
  }

  private static When armed;
  private static HazelcastInstance victim;
  private static boolean hasHappened;

  private FatalStep() {}

  static synchronized void arm(When when, HazelcastInstance member) {
    armed = when;
    victim = member;
    hasHappened = false;
  }

  static synchronized void disarm() {
    armed = null;
  }

  static synchronized boolean hasHappened() {
    return hasHappened;
  }

  /** The calling thread, one of a partition, has come to {@code when}. */
  private static void reached(When when) {
    HazelcastInstance dying;
    boolean isOnVictim;
    synchronized (FatalStep.class) {
      if (armed != when) {
        return;
      }
      isOnVictim = Thread.currentThread().getName().contains(victim.getName());
      if (isOnVictim == (when == When.BEFORE_ANSWER)) {
        return; // the answer is what the owner owes while a backup is already at work
      }
      armed = null;
      hasHappened = true;
      dying = victim;
    }
    var unused = CompletableFuture.runAsync(() -> dying.getLifecycleService().terminate());
    while (dying.getLifecycleService().isRunning()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    if (isOnVictim) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200)); // until its connections are gone
      throw new IllegalStateException("this member is dead");
    }
  }

  /** Sees a processor read, write, and have written. */
  static final class OnMap implements MapInterceptor {
    private static final long serialVersionUID = 1L;

    @Override
    public Object interceptGet(Object value) {
      reached(When.BEFORE_RULE);
      return null;
    }

    @Override
    public void afterGet(Object value) {}

    @Override
    public Object interceptPut(Object oldValue, Object newValue) {
      reached(When.AFTER_RULE);
      reached(When.BEFORE_ANSWER);
      return null;
    }

    @Override
    public void afterPut(Object value) {
      reached(When.BEFORE_BACKUP);
    }

    @Override
    public Object interceptRemove(Object removedValue) {
      return null;
    }

    @Override
    public void afterRemove(Object oldValue) {}
  }

  /** The real store, seen before and after each commit. */
  static final class OnStore implements MapStore<String, byte[]>, MapLoaderLifecycleSupport {
    private final GateStore store = new GateStore();

    @Override
    public void init(HazelcastInstance member, Properties properties, String mapName) {
      store.init(member, properties, mapName);
    }

    @Override
    public void destroy() {
      store.destroy();
    }

    @Override
    public void store(String key, byte[] value) {
      reached(When.BEFORE_COMMIT);
      store.store(key, value);
      reached(When.AFTER_COMMIT);
    }

    @Override
    public void storeAll(Map<String, byte[]> values) {
      values.forEach(this::store);
    }

    @Override
    public void delete(String key) {
      store.delete(key);
    }

    @Override
    public void deleteAll(Collection<String> keys) {
      store.deleteAll(keys);
    }

    @Override
    public byte[] load(String key) {
      return store.load(key);
    }

    @Override
    public Map<String, byte[]> loadAll(Collection<String> keys) {
      return store.loadAll(keys);
    }

    @Override
    public List<String> loadAllKeys() {
      return store.loadAllKeys();
    }
  }
}
