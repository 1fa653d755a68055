package dolphin.jet.gates.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.hazelcast.config.MapStoreConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.RestartableException;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import com.hazelcast.map.MapStore;
import dolphin.jet.LoopbackMember;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What Hazelcast does when a write-through store throws, and what we make of it. */
class RereadingTest {

  private static final Scripted STORE = new Scripted();
  private static HazelcastInstance member;

  @BeforeAll
  static void startMember() {
    member =
        LoopbackMember.start(
            config ->
                config
                    .getMapConfig("stored")
                    .setMapStoreConfig(
                        new MapStoreConfig().setImplementation(STORE).setOffload(false)));
  }

  @AfterAll
  static void stopMember() {
    member.shutdown();
  }

  @BeforeEach
  void forget() {
    map().evictAll();
    STORE.values.clear();
    STORE.calls = 0;
    STORE.failures = 0;
  }

  @Test
  void aWriteThatFailsLeavesMemoryAsItWas() {
    map().executeOnKey("k", append("a"));
    STORE.failures = 1;
    assertThrows(GateStoreException.class, () -> map().executeOnKey("k", append("b")));
    assertArrayEquals(bytes("a"), map().get("k"));
    STORE.failures = 1;
    assertThrows(GateStoreException.class, () -> map().executeOnKey("new", append("b")));
    assertNull(map().get("new"));
  }

  @Test
  void evictionDoesNotTouchTheStoreAndTheNextCallReadsIt() {
    map().executeOnKey("k", append("a"));
    STORE.values.put("k", bytes("changed elsewhere "));
    map().evict("k");
    assertEquals(1, STORE.calls);
    map().executeOnKey("k", append("b"));
    assertArrayEquals(bytes("changed elsewhere b"), map().get("k"));
  }

  @Test
  void afterAFailureTheRuleRunsOnWhatTheStoreHolds() {
    map().executeOnKey("k", append("a"));
    STORE.values.put("k", bytes("stored but not answered "));
    STORE.failures = 2;
    assertArrayEquals(
        bytes("stored but not answered b"), caller().submit("k", () -> append("b")).join());
    assertArrayEquals(bytes("stored but not answered b"), STORE.values.get("k"));
  }

  @Test
  void itGivesUpAfterABoundSoThatTheJobStartsAgain() {
    STORE.failures = Integer.MAX_VALUE;
    CompletionException error =
        assertThrows(
            CompletionException.class, () -> caller().submit("k", () -> append("b")).join());
    assertInstanceOf(RestartableException.class, error.getCause());
    assertEquals(Rereading.MAX_ATTEMPTS, STORE.calls);
  }

  @Test
  void aFaultOfOursIsNotTriedAgain() {
    EntryProcessor<String, byte[], byte[]> faulty =
        entry -> {
          throw new IllegalArgumentException("a bug");
        };
    CompletionException error =
        assertThrows(CompletionException.class, () -> caller().submit("k", () -> faulty).join());
    assertInstanceOf(IllegalArgumentException.class, error.getCause());
  }

  @Test
  void aMapWithoutAStoreIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Rereading.of(member, "plain"));
  }

  private static IMap<String, byte[]> map() {
    return member.getMap("stored");
  }

  private static Rereading caller() {
    return Rereading.of(member, "stored");
  }

  private static EntryProcessor<String, byte[], byte[]> append(String text) {
    return entry -> {
      String before =
          entry.getValue() == null ? "" : new String(entry.getValue(), StandardCharsets.UTF_8);
      entry.setValue(bytes(before + text));
      return entry.getValue();
    };
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Keeps what it is given, unless it was told to fail so many times. */
  private static final class Scripted implements MapStore<String, byte[]> {
    final Map<String, byte[]> values = new ConcurrentHashMap<>();
    volatile int calls;
    volatile int failures;

    @Override
    public synchronized void store(String key, byte[] value) {
      calls++;
      if (failures > 0) {
        failures--;
        throw new GateStoreException("as told", null);
      }
      values.put(key, value);
    }

    @Override
    public void storeAll(Map<String, byte[]> all) {
      all.forEach(this::store);
    }

    @Override
    public void delete(String key) {
      throw new UnsupportedOperationException(key);
    }

    @Override
    public void deleteAll(Collection<String> keys) {
      keys.forEach(this::delete);
    }

    @Override
    public byte[] load(String key) {
      return values.get(key);
    }

    @Override
    public Map<String, byte[]> loadAll(Collection<String> keys) {
      Map<String, byte[]> found = new HashMap<>();
      keys.stream().filter(values::containsKey).forEach(key -> found.put(key, values.get(key)));
      return found;
    }

    @Override
    public List<String> loadAllKeys() {
      return List.of();
    }
  }
}
