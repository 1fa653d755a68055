package dolphin.jet.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import dolphin.jet.LoopbackMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The store's promises on both real databases. A fresh map name stands for a fresh table. */
class GateStoreTest {

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  @TempDir static Path folder;
  private static HazelcastInstance member;
  private static TemporaryPostgres postgres;

  private final List<GateStore> opened = new ArrayList<>();

  @BeforeAll
  static void startDatabaseAndMember() throws IOException, InterruptedException {
    member = LoopbackMember.start();
    postgres = TemporaryPostgres.isInstalled() ? TemporaryPostgres.start() : null;
  }

  @AfterAll
  static void stopDatabaseAndMember() throws IOException, InterruptedException {
    member.shutdown();
    if (postgres != null) {
      postgres.stop();
    }
  }

  @AfterEach
  void closeStores() {
    opened.forEach(GateStore::destroy);
  }

  @ParameterizedTest
  @EnumSource
  void whatWasStoredIsLoadedByTheNextMember(Dialect dialect) {
    GateStore store = store(dialect, "kept");
    store.store("a", GateValues.value(1, "op1", "first"));
    store.store("a", GateValues.value(2, "op2", "second"));
    store.store("b", GateValues.value(1, "op1", "other"));

    GateStore next = store(dialect, "kept");
    assertEquals(List.of("a", "b"), next.loadAllKeys().stream().sorted().toList());
    assertArrayEquals(GateValues.value(2, "op2", "second"), next.load("a"));
    assertArrayEquals(
        GateValues.value(1, "op1", "other"), next.loadAll(List.of("b", "c")).get("b"));
    assertNull(next.load("c"));
  }

  @ParameterizedTest
  @EnumSource
  void aStaleMembersWriteIsRefusedAndChangesNothing(Dialect dialect) {
    GateStore store = store(dialect, "fenced");
    GateStore other = store(dialect, "fenced");
    store.store("a", GateValues.value(1, "op1", "first"));
    store.store("a", GateValues.value(2, "op2", "cut"));

    for (byte[] stale :
        List.of(
            GateValues.value(1, "op9", "never saw the first"),
            GateValues.value(2, "op9", "never saw the cut"),
            GateValues.value(4, "op9", "diverged"))) {
      assertThrows(StaleGateException.class, () -> other.store("a", stale));
    }
    assertArrayEquals(GateValues.value(2, "op2", "cut"), store.load("a"));
  }

  @ParameterizedTest
  @EnumSource
  void anOperationStoredTwiceIsStoredOnce(Dialect dialect) throws SQLException {
    GateStore store = store(dialect, "twice");
    GateStore other = store(dialect, "twice");
    for (long version = 1; version <= 2; version++) {
      byte[] value = GateValues.value(version, "op" + version, "by the old owner");
      store.store("a", value);
      other.store("a", GateValues.value(version, "op" + version, "by the new owner"));
      assertArrayEquals(value, other.load("a"));
    }
    assertEquals(List.of("1 op1", "2 op2"), history(dialect, "twice"));
  }

  @ParameterizedTest
  @EnumSource
  void aRenewalChangesNothingInTheDatabase(Dialect dialect) throws SQLException {
    GateStore store = store(dialect, "renewed");
    byte[] value = GateValues.value(1, "op1", "lease to 1");
    store.store("a", value);
    store.store("a", GateValues.value(1, "op1", "lease to 2"));
    assertArrayEquals(value, store.load("a"));
    assertEquals(List.of("1 op1"), history(dialect, "renewed"));
  }

  /** A member that was cut off would otherwise go on renewing what another one has cut since. */
  @ParameterizedTest
  @EnumSource
  void aStaleMemberCannotEvenRenewALease(Dialect dialect) {
    GateStore store = store(dialect, "cutoff");
    GateStore other = store(dialect, "cutoff");
    store.store("a", GateValues.value(1, "op1", "open"));
    other.store("a", GateValues.value(2, "op2", "cut"));

    byte[] renewal = GateValues.value(1, "op1", "open, renewed");
    await(() -> assertThrows(StaleGateException.class, () -> store.store("a", renewal)));
  }

  @ParameterizedTest
  @EnumSource
  void historyIsKeptWhoeverWrites(Dialect dialect) throws SQLException {
    GateStore store = store(dialect, "audited");
    store.store("a", GateValues.value(1, "op1", "first"));
    execute(dialect, "UPDATE gate SET version = 2, op = 'by hand' WHERE map = 'audited'");
    assertEquals(List.of("1 op1", "2 by hand"), history(dialect, "audited"));
    for (String forbidden :
        List.of(
            "UPDATE gate SET version = 5 WHERE map = 'audited'",
            "UPDATE gate SET op = 'forged' WHERE map = 'audited'",
            "DELETE FROM gate WHERE map = 'audited'",
            "INSERT INTO gate VALUES ('audited', 'late', 7, 'op', '')",
            "UPDATE gate_history SET op = 'forged' WHERE map = 'audited'",
            "DELETE FROM gate_history WHERE map = 'audited'")) {
      assertThrows(SQLException.class, () -> execute(dialect, forbidden), forbidden);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aGateIsNeverDeleted(Dialect dialect) {
    GateStore store = store(dialect, "undeletable");
    store.store("a", GateValues.value(1, "op1", "first"));
    assertThrows(UnsupportedOperationException.class, () -> store.delete("a"));
    assertThrows(UnsupportedOperationException.class, () -> store.deleteAll(List.of("a")));
    assertArrayEquals(GateValues.value(1, "op1", "first"), store.load("a"));
  }

  @ParameterizedTest
  @EnumSource
  void aValueWithoutARevisionIsNotStored(Dialect dialect) {
    GateStore store = store(dialect, "unmarked");
    for (byte[] value :
        List.of(
            new byte[0], GateValues.value(0, "op", ""), GateValues.value(1, "", ""), new byte[9])) {
      assertThrows(GateStoreException.class, () -> store.store("a", value));
    }
    assertEquals(List.of(), store.loadAllKeys());
  }

  @Test
  void nothingIsRenewedWhileTheDatabaseIsAwayAndAllGoesOnAfterwards() throws Exception {
    Assumptions.assumeTrue(postgres != null, TemporaryPostgres.WHY_SKIPPED);
    GateStore store = store(Dialect.POSTGRESQL, "away");
    byte[] value = GateValues.value(1, "op1", "open");
    store.store("a", value);

    postgres.fail();
    await(() -> assertThrows(GateStoreException.class, () -> store.store("a", value)));
    byte[] cut = GateValues.value(2, "op2", "cut");
    assertThrows(GateStoreException.class, () -> store.store("a", cut));
    assertThrows(GateStoreException.class, () -> store.load("a"));

    postgres.goOn();
    await(() -> store.store("a", value));
    store.store("a", cut);
    assertArrayEquals(cut, store.load("a"));
  }

  private GateStore store(Dialect dialect, String map) {
    Properties properties = new Properties();
    properties.setProperty("url", url(dialect));
    GateStore store = new GateStore();
    store.init(member, properties, map);
    opened.add(store);
    return store;
  }

  private static String url(Dialect dialect) {
    if (dialect == Dialect.SQLITE) {
      return "jdbc:sqlite:" + folder.resolve("gates.sqlite");
    }
    Assumptions.assumeTrue(postgres != null, TemporaryPostgres.WHY_SKIPPED);
    return postgres.url();
  }

  private static List<String> history(Dialect dialect, String map) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(dialect));
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT version, op, stored_wall_ns FROM gate_history WHERE map = '"
                    + map
                    + "' ORDER BY key, version")) {
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        found.add(rows.getLong(1) + " " + rows.getString(2));
        long ageNs = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - rows.getLong(3);
        assertTrue(Math.abs(ageNs) < TimeUnit.MINUTES.toNanos(5), "wall time, in ns");
      }
      return found;
    }
  }

  private static void execute(Dialect dialect, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(dialect));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Repeats {@code claim} until it holds. */
  private static void await(Runnable claim) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        claim.run();
        return;
      } catch (GateStoreException | AssertionError notYet) {
        if (System.nanoTime() > deadline) {
          throw notYet;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }

  @Test
  void passwordsComeFromTheEnvironmentAndAreNeverShown() throws IOException {
    Properties properties = new Properties();
    properties.setProperty("url", "jdbc:postgresql://host/gates");
    properties.setProperty("user", "dolphin");
    Path file = Files.writeString(folder.resolve("password"), "from a file\n");

    GateSettings settings =
        GateSettings.of(properties, Map.of(GateSettings.PASSWORD, "plain secret"));
    assertEquals("plain secret", settings.password());
    assertEquals("jdbc:postgresql://host/gates as dolphin", settings.toString());
    assertEquals(
        "from a file",
        GateSettings.of(properties, Map.of(GateSettings.PASSWORD_FILE, file.toString()))
            .password());
    assertThrows(
        IllegalArgumentException.class,
        () -> GateSettings.of(properties, Map.of(GateSettings.PASSWORD_FILE, "/no/such/file")));
  }

  @ParameterizedTest
  @CsvSource({
    "'', -Ddolphin.gates.url=",
    "${dolphin.gates.url}, -Ddolphin.gates.url=",
    "jdbc:oracle:thin:@there, neither SQLite nor PostgreSQL",
    "jdbc:postgresql://host/gates?password=plain, DOLPHIN_GATES_PASSWORD",
  })
  void aUrlThatCannotBeUsedIsToldInOneLine(String url, String what) {
    Properties properties = new Properties();
    properties.setProperty("url", url);
    IllegalArgumentException told =
        assertThrows(IllegalArgumentException.class, () -> GateSettings.of(properties, Map.of()));
    assertTrue(told.getMessage().contains(what), told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
  }
}
