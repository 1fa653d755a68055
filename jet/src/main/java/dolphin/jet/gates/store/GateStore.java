package dolphin.jet.gates.store;

import com.hazelcast.config.Config;
import com.hazelcast.config.MapConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.logging.ILogger;
import com.hazelcast.map.MapLoaderLifecycleSupport;
import com.hazelcast.map.MapStore;
import com.hazelcast.splitbrainprotection.SplitBrainProtectionException;
import dolphin.jet.gates.Restored;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * The map store of {@code LEVERAGE} and {@code POSTURE}: write-through, on the thread of the
 * partition, before the map's memory changes.
 *
 * <p>When {@link #store} throws, the entry processor that made the value fails, and memory and
 * backups stay as they were. A database that can be read but not written (a full disk) would so let
 * a cut be forgotten and the lease above it be renewed: therefore the value is owed, the gate is
 * not renewed until the database has it, and {@link GateWatch} brings it there. A value whose
 * revision the database is known to hold is not written again: a lease is renewed four times a
 * second and a key, and no renewal has to survive a stop.
 *
 * <p>Configured with {@code offload: false}. A write is one statement, at most {@link
 * Dialect#PATIENCE_S} seconds once, and then {@link GateWatch} refuses at once; to hand over every
 * call to another thread and back would cost each renewal more than its rule.
 *
 * <p>{@code initial-mode: EAGER}: a member has every gate again before it serves the first signal,
 * so that {@code values()} tells an operator all there is, and no first cut after a restart waits
 * for a read. There are as many gates as assets.
 */
public final class GateStore implements MapStore<String, byte[]>, MapLoaderLifecycleSupport {

  private String map;
  private GateDatabase database;
  private GateWatch watch;

  /** Made by Hazelcast, which then calls {@link #init}. */
  public GateStore() {}

  /**
   * Checks that the gates of a member with this configuration can be kept; opens and closes the
   * database.
   *
   * @throws RuntimeException with one line that names what has to be changed
   */
  public static void requireUsable(Config config) {
    GateSettings.of(config, System.getenv())
        .ifPresent(
            settings -> {
              settings.requireReachableFromAll(config.getNetworkConfig().getJoin());
              GateDatabase.open(settings, "check").close();
            });
  }

  /**
   * Loads the gates of {@code member} into its maps, or leaves it to their first use: a member that
   * is not yet one of a majority may not read them.
   */
  public static void loadGates(HazelcastInstance member) {
    List<String> maps =
        member.getConfig().getMapConfigs().values().stream()
            .filter(map -> GateSettings.keepsGates(map.getMapStoreConfig()))
            .map(MapConfig::getName)
            .toList();
    try {
      maps.forEach(member::getMap);
    } catch (SplitBrainProtectionException alone) {
      member
          .getLoggingService()
          .getLogger(GateStore.class)
          .info("the gates are loaded when a majority of the members is there");
    }
  }

  @Override
  public void init(HazelcastInstance member, Properties properties, String mapName) {
    map = mapName;
    GateSettings settings = GateSettings.of(properties, System.getenv());
    database = GateDatabase.open(settings, mapName);
    ILogger logger = member.getLoggingService().getLogger(GateStore.class);
    LoadFinisher loads = new LoadFinisher(member, mapName, logger);
    watch = new GateWatch(GateDatabase.open(settings, mapName), loads, logger);
  }

  @Override
  public void destroy() {
    watch.close();
    database.close();
  }

  @Override
  public void store(String key, byte[] value) {
    Revision revision = Revision.of(value);
    watch.requireNotOwed(key, revision);
    try {
      watch.requireAnswering();
      if (watch.holds(key, revision)) {
        return;
      }
      database.store(key, revision, value);
    } catch (StaleGateException e) {
      throw e;
    } catch (GateStoreException e) {
      watch.owe(key, revision, value);
      watch.failed(e);
      throw e;
    }
    watch.answered(key, revision);
  }

  /** One by one: each is a transaction of its own, and Hazelcast asks for it in a merge only. */
  @Override
  public void storeAll(Map<String, byte[]> values) {
    values.forEach(this::store);
  }

  @Override
  public byte[] load(String key) {
    watch.requireAnswering();
    try {
      return restored(key, database.load(key));
    } catch (GateStoreException e) {
      watch.failed(e);
      throw e;
    }
  }

  @Override
  public Map<String, byte[]> loadAll(Collection<String> keys) {
    Map<String, byte[]> found = new HashMap<>();
    for (String key : keys) {
      byte[] value = load(key);
      if (value != null) {
        found.put(key, value);
      }
    }
    return found;
  }

  @Override
  public List<String> loadAllKeys() {
    return database.keys();
  }

  /** A gate may be opened, by a rule; it is never removed. */
  @Override
  public void delete(String key) {
    throw new UnsupportedOperationException("a gate is never deleted: " + map + "[" + key + "]");
  }

  @Override
  public void deleteAll(Collection<String> keys) {
    keys.forEach(this::delete);
  }

  private byte[] restored(String key, byte[] stored) {
    if (stored == null) {
      return null;
    }
    watch.answered(key, Revision.of(stored));
    return Restored.of(map, key, stored);
  }
}
