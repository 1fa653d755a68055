package dolphin.jet.gates.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.msgpack.value.ValueFactory.newString;

import com.hazelcast.config.Config;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MapStoreConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.RestartableException;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import dolphin.jet.LoopbackMember;
import dolphin.jet.gates.ApplyLeverage;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;

/**
 * Three members and one database; the owner of a gate dies at each step of a cut, with cuts on many
 * gates under way. Afterwards every cut is in force, each was made once, and owner, backups and
 * database say the same.
 */
class OwnerDeathTest {

  private static final int GATES = 24;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int LEVELS = 4;

  /** How often a job would start again before the test gives up. */
  private static final int JOB_STARTS = 5;

  @TempDir Path folder;
  private final List<HazelcastInstance> members = new ArrayList<>();
  private final Map<String, Integer> sent = new TreeMap<>();

  @BeforeEach
  void startThreeMembers() {
    String cluster = "owner-death-" + UUID.randomUUID();
    members.add(LoopbackMember.start(config -> keepGates(config, cluster)));
    while (members.size() < 3) {
      members.add(LoopbackMember.join(members.get(0), config -> keepGates(config, cluster)));
    }
    gates(0).addInterceptor(new FatalStep.OnMap());
    for (int gate = 0; gate < GATES; gate++) {
      sent.put("paper/A" + gate, 0);
    }
  }

  @AfterEach
  void stopMembers() {
    FatalStep.disarm();
    members.forEach(member -> member.getLifecycleService().terminate());
  }

  private void keepGates(Config config, String cluster) {
    config.setClusterName(cluster);
    config.setProperty("hazelcast.operation.fail.on.indeterminate.state", "true");
    config.setProperty("hazelcast.connection.monitor.interval", "10");
    config.setProperty("hazelcast.connection.monitor.max.faults", "1");
    config.setInstanceName(UUID.randomUUID().toString());
    MapStoreConfig store = new MapStoreConfig();
    store.setImplementation(new FatalStep.OnStore()).setOffload(false);
    store.setInitialLoadMode(MapStoreConfig.InitialLoadMode.EAGER);
    store.setProperty("url", url());
    // A test looks into the backups; in the product whoever reads asks the owner.
    MapConfig map = config.getMapConfig("LEVERAGE");
    map.setBackupCount(2).setReadBackupData(true).setMapStoreConfig(store);
  }

  @Test
  void noCutIsLostAndNoneIsMadeTwiceAtWhateverStepTheOwnerDies() throws Exception {
    for (FatalStep.When step : FatalStep.When.values()) {
      makeCuts(2, ApplyLeverage::new).join();
      assertTheSameEverywhere();
      awaitBackups();
      HazelcastInstance victim = ownerOf("paper/A0");
      FatalStep.arm(step, victim);
      members.remove(victim);
      makeCuts(3, ApplyLeverage::new).join();
      assertTrue(FatalStep.hasHappened(), step + " was reached");
      awaitBackups();
      assertEachCutWasMadeOnce(step);
      assertTheSameEverywhere();
      HazelcastInstance first = members.get(0);
      String cluster = first.getConfig().getClusterName();
      members.add(LoopbackMember.join(first, config -> keepGates(config, cluster)));
    }
  }

  /** The processor as Hazelcast has it by default: on a backup the rule runs again. */
  private static final class RunsAgainOnBackup implements EntryProcessor<String, byte[], byte[]> {
    private static final long serialVersionUID = 1L;
    private final byte[] payload;

    RunsAgainOnBackup(byte[] payload) {
      this.payload = payload;
    }

    @Override
    public byte[] process(Map.Entry<String, byte[]> entry) {
      return new ApplyLeverage(payload).process(entry);
    }
  }

  @Test
  void theDefaultBackupProcessorIsSeenToDiverge() {
    makeCuts(1, RunsAgainOnBackup::new).join();
    assertNotEquals(List.of(), divergences(), "the checker sees what it is there for");
  }

  /** {@code count} more cuts of every gate, one after the other for a gate, all gates at once. */
  private CompletableFuture<Void> makeCuts(
      int count, Function<byte[], EntryProcessor<String, byte[], byte[]>> processor) {
    Rereading caller = Rereading.of(members.get(0), "LEVERAGE");
    List<CompletableFuture<?>> chains = new ArrayList<>();
    for (String gate : List.copyOf(sent.keySet())) {
      int alreadySent = sent.get(gate);
      CompletableFuture<?> chain = CompletableFuture.completedFuture(null);
      for (int more = 1; more <= count; more++) {
        byte[] signal = cut(alreadySent + more);
        chain =
            chain.thenCompose(
                done -> insist(caller, gate, () -> processor.apply(signal), JOB_STARTS));
      }
      chains.add(chain);
      sent.put(gate, alreadySent + count);
    }
    return CompletableFuture.allOf(chains.toArray(CompletableFuture<?>[]::new));
  }

  /** As a job does that starts again from its snapshot. */
  private static CompletableFuture<byte[]> insist(
      Rereading caller,
      String gate,
      Supplier<EntryProcessor<String, byte[], byte[]>> processor,
      int starts) {
    return caller
        .submit(gate, processor)
        .exceptionallyCompose(
            error ->
                error.toString().contains(RestartableException.class.getSimpleName()) && starts > 1
                    ? insist(caller, gate, processor, starts - 1)
                    : CompletableFuture.failedFuture(error));
  }

  private void assertEachCutWasMadeOnce(FatalStep.When step) {
    for (Map.Entry<String, Integer> gate : sent.entrySet()) {
      List<Long> wanted = new ArrayList<>();
      for (int seq = 1; seq <= gate.getValue(); seq++) {
        wanted.add((long) seq);
      }
      assertEquals(wanted, cutsInHistory(gate.getKey()), step + " " + gate.getKey());
    }
  }

  private void assertTheSameEverywhere() {
    assertEquals(List.of(), divergences());
  }

  /** Gates of which a member's own copy and the database, or two members, do not agree. */
  private List<String> divergences() {
    List<String> found = new ArrayList<>();
    for (String gate : sent.keySet()) {
      byte[] first = gates(0).get(gate);
      for (int index = 1; index < members.size(); index++) {
        if (!Arrays.equals(first, gates(index).get(gate))) {
          found.add(gate + " on member " + index);
        }
      }
      Revision revision = Revision.of(first);
      List<String> stored = revisionsInHistory(gate);
      if (!stored.get(stored.size() - 1).equals(revision.version() + " " + revision.op())) {
        found.add(gate + " in the database");
      }
    }
    return found;
  }

  private IMap<String, byte[]> gates(int index) {
    return members.get(index).getMap("LEVERAGE");
  }

  private HazelcastInstance ownerOf(String key) {
    UUID owner = members.get(0).getPartitionService().getPartition(key).getOwner().getUuid();
    return members.stream()
        .filter(member -> member.getCluster().getLocalMember().getUuid().equals(owner))
        .findFirst()
        .orElseThrow();
  }

  private void awaitBackups() {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!members.stream().allMatch(each -> each.getPartitionService().isClusterSafe())) {
      assertTrue(System.nanoTime() < deadline, "the cluster never became safe");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private String url() {
    return "jdbc:sqlite:" + folder.resolve("gates.sqlite");
  }

  /** The operator's number of the cut in each version of a gate that the database ever held. */
  private List<Long> cutsInHistory(String gate) {
    return history(gate, "value", (rows, column) -> cutIn(rows.getBytes(column)));
  }

  private List<String> revisionsInHistory(String gate) {
    return history(gate, "version || ' ' || op", ResultSet::getString);
  }

  private <T> List<T> history(String gate, String what, Column<T> column) {
    try (Connection connection = DriverManager.getConnection(url());
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT "
                    + what
                    + " FROM gate_history WHERE key = '"
                    + gate
                    + "' ORDER BY version")) {
      List<T> found = new ArrayList<>();
      while (rows.next()) {
        found.add(column.read(rows, 1));
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads one column of a row. */
  private interface Column<T> {
    T read(ResultSet rows, int column) throws SQLException;
  }

  private static long cutIn(byte[] value) {
    try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(value)) {
      Map<Value, Value> fields = unpacker.unpackValue().asMapValue().map();
      Map<Value, Value> rule = fields.get(newString("rule")).asMapValue().map();
      return rule.get(newString("manual")).asArrayValue().get(1).asIntegerValue().asLong();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An operator's cut: each is a durable change. */
  private static byte[] cut(int seq) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packMapHeader(7);
      packer.packString("kind").packString("manual");
      packer.packString("op").packString("cut");
      packer.packString("by").packString("test");
      packer.packString("reason").packString("number " + seq);
      packer.packString("level").packInt(1 + seq % LEVELS);
      packer.packString("seq").packInt(seq);
      packer.packString("time_ns").packInt(seq);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
