package dolphin.jet.gates.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import com.zaxxer.hikari.HikariConfig;
import dolphin.jet.LoopbackMember;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

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
  void gatesOfAnotherReleaseAreRefusedInOneLineBeforeAStart(Dialect dialect) {
    store(dialect, "foreign").store("paper/A", GateValues.ofTheReleaseBefore());
    GateStoreException told =
        assertThrows(GateStoreException.class, () -> store(dialect, "foreign"));
    assertTrue(
        told.getMessage().contains("another release (schema 1, this one reads 2)"),
        told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
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

  /** The versions that this member wrote must not make up for the one written by hand. */
  @ParameterizedTest
  @EnumSource
  void aHandAtTheConsoleIsNoticedWhileThisMemberWrites(Dialect dialect) throws SQLException {
    GateStore store = store(dialect, "console");
    byte[] renewal = GateValues.value(1, "op1", "open");
    store.store("a", renewal);
    AtomicLong version = new AtomicLong();
    execute(
        dialect, "UPDATE gate SET version = 2, op = 'by hand' WHERE map = 'console' AND key = 'a'");
    await(
        () -> {
          store.store("b", GateValues.value(version.incrementAndGet(), "op", "other"));
          assertThrows(StaleGateException.class, () -> store.store("a", renewal));
        });
  }

  /** As above, with each of this member's writes while the database adds the versions up. */
  @Test
  void aWriteDuringTheLookDoesNotHideTheHandAtTheConsole() throws SQLException {
    GateStore store = store(Dialect.POSTGRESQL, "during");
    byte[] renewal = GateValues.value(1, "op1", "open");
    store.store("a", renewal);
    store.store("b", GateValues.value(1, "op1", "other"));
    execute(
        Dialect.POSTGRESQL,
        "BEGIN; ALTER TABLE gate RENAME TO gate_table;"
            + " CREATE VIEW gate AS SELECT * FROM gate_table WHERE"
            + " CASE WHEN current_query() LIKE '%sum(%' AND map = 'during'"
            + " THEN pg_sleep(0.1) IS NOT NULL ELSE true END; COMMIT");
    try {
      awaitSleepingSum();
      execute(
          Dialect.POSTGRESQL,
          "UPDATE gate SET version = 2, op = 'by hand' WHERE map = 'during' AND key = 'a'");
      for (long version = 2; version <= 4; version++) {
        awaitSleepingSum();
        store.store("b", GateValues.value(version, "op" + version, "other"));
      }
      awaitSleepingSum();
      assertThrows(StaleGateException.class, () -> store.store("a", renewal));
    } finally {
      execute(
          Dialect.POSTGRESQL,
          "BEGIN; DROP VIEW gate; ALTER TABLE gate_table RENAME TO gate; COMMIT");
    }
  }

  /** Waits for a look that starts from now on to be in the middle of its sum. */
  private static void awaitSleepingSum() throws SQLException {
    try (Connection connection = DriverManager.getConnection(url(Dialect.POSTGRESQL));
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          DO $$
          DECLARE
              start timestamptz := clock_timestamp();
          BEGIN
              FOR attempt IN 1..1000 LOOP
                  PERFORM pg_stat_clear_snapshot();
                  IF EXISTS (SELECT FROM pg_stat_activity
                             WHERE application_name = 'dolphin gates'
                             AND query_start > start AND wait_event = 'PgSleep') THEN
                      RETURN;
                  END IF;
                  PERFORM pg_sleep(0.005);
              END LOOP;
              RAISE 'no look asks for the sum';
          END $$""");
    }
  }

  /**
   * While {@code op} cannot be read, a look at the revisions fails, and without any look within a
   * second a renewal would have to be written, which fails as well.
   */
  @ParameterizedTest
  @EnumSource
  void noRevisionIsReadWhileNothingChanges(Dialect dialect) throws SQLException {
    GateStore store = store(dialect, "unchanged");
    GateStore next = store(dialect, "unchanged");
    byte[] value = GateValues.value(1, "op1", "open");
    store.store("a", value);
    store.store("b", GateValues.value(1, "op1", "other"));
    assertArrayEquals(value, next.load("a"));
    park(Duration.ofMillis(3 * GateWatch.PERIOD_MS)); // the next member sees both

    execute(dialect, "ALTER TABLE gate RENAME COLUMN op TO unreadable");
    try {
      park(Duration.ofSeconds(2));
      store.store("a", value);
      next.store("a", value);
    } finally {
      execute(dialect, "ALTER TABLE gate RENAME COLUMN unreadable TO op");
    }
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
    await(() -> assertArrayEquals(cut, store.load("a")), "what could not be written is brought");
    assertThrows(StaleGateException.class, () -> store.store("a", value));
    store.store("a", cut);
  }

  /**
   * Reading goes on, so that only what was to be written says that something is wrong. The log has
   * room of its own for some changes; each change is tried until one finds none.
   */
  @Test
  void aCutThatAFullDiskTakesNotIsOwedAndItsGateRenewedNoMore() throws Exception {
    try (FullDisk disk = FullDisk.mount(folder.resolve("full"))) {
      GateStore store = open("jdbc:sqlite:" + disk.path("gates.sqlite"), "full");
      byte[] other = GateValues.value(1, "op1", "other");
      store.store("a", GateValues.value(1, "op1", "open"));
      store.store("b", other);
      disk.fill();
      long version = 1;
      while (isTaken(store, GateValues.value(version + 1, "op", "cut"))) {
        version++;
      }
      byte[] open = GateValues.value(version, "op", "open");
      byte[] cut = GateValues.value(version + 1, "op", "cut");
      for (int look = 0; look < 8; look++) {
        assertThrows(GateStoreException.class, () -> store.store("a", open));
        park(Duration.ofMillis(GateWatch.PERIOD_MS));
      }
      await(() -> store.store("b", other), "the gate of which nothing is owed is renewed");

      disk.free();
      await(() -> assertArrayEquals(cut, store.load("a")), "the watch has brought it");
      assertThrows(StaleGateException.class, () -> store.store("a", open));
      store.store("a", cut);
      store.destroy();
      opened.remove(store);
    }
  }

  private static boolean isTaken(GateStore store, byte[] value) {
    try {
      store.store("a", value);
      return true;
    } catch (GateStoreException full) {
      return false;
    }
  }

  /** The watch, whose connection is whole, lets a write through several times a second. */
  @Test
  void aBrokenConnectionIsNotUsedAgain() throws SQLException {
    GateStore store = store(Dialect.POSTGRESQL, "broken");
    for (long version = 1; version <= 8; version++) { // from the fifth on prepared by the server
      store.store("a", GateValues.value(version, "op" + version, "before"));
    }
    execute(
        Dialect.POSTGRESQL,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE application_name = 'dolphin gates' AND query LIKE 'UPDATE%'");

    byte[] cut = GateValues.value(9, "op9", "cut");
    await(() -> store.store("a", cut));
    assertArrayEquals(cut, store.load("a"));
  }

  private GateStore store(Dialect dialect, String map) {
    return open(url(dialect), map);
  }

  private GateStore open(String url, String map) {
    Properties properties = new Properties();
    properties.setProperty("url", url);
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

  private static void await(Runnable claim, String what) {
    assertDoesNotThrow(() -> await(claim), what);
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
        park(Duration.ofMillis(20));
      }
    }
  }

  private static void park(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = deadline - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  @Test
  void passwordsComeFromTheEnvironmentAndAreNeverShown() throws IOException {
    Properties properties = new Properties();
    properties.setProperty("url", "jdbc:postgresql://host/gates");
    properties.setProperty("user", "dolphin");
    Path file = Files.writeString(folder.resolve("password"), "from a file\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

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
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-------"})
  void aPasswordFileThatIsNotItsOwnersAloneIsRefused(String rights) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("url", "jdbc:postgresql://host/gates");
    Path file = Files.writeString(folder.resolve("password of " + rights), "hunter2\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(rights));
    Map<String, String> environment = Map.of(GateSettings.PASSWORD_FILE, file.toString());
    if (rights.endsWith("------")) {
      assertEquals("hunter2", GateSettings.of(properties, environment).password());
      return;
    }
    IllegalArgumentException told =
        assertThrows(
            IllegalArgumentException.class, () -> GateSettings.of(properties, environment));
    assertTrue(told.getMessage().endsWith("chmod 600 " + file), told.getMessage());
    assertFalse(told.getMessage().contains("hunter2"), told.getMessage());
  }

  @Test
  void theDriverTakesAPasswordFromNowhereElse() throws IOException {
    Path passwords = Files.writeString(folder.resolve("pgpass"), "*:*:*:*:hunter2\n");
    Path services = Files.writeString(folder.resolve("services"), "[gates]\npassword=hunter2\n");
    Properties properties = new Properties();
    properties.setProperty("url", "jdbc:postgresql://host/gates?service=gates");
    properties.setProperty("user", "dolphin");
    HikariConfig config = GateDatabase.connecting(GateSettings.of(properties, Map.of()), "map");
    Properties given = new Properties();
    given.setProperty("user", config.getUsername());
    given.setProperty("password", config.getPassword());
    System.setProperty("org.postgresql.pgpassfile", passwords.toString());
    System.setProperty("org.postgresql.pgservicefile", services.toString());
    try {
      assertEquals(
          "", PGProperty.PASSWORD.getOrDefault(Driver.parseURL(config.getJdbcUrl(), given)));
    } finally {
      System.clearProperty("org.postgresql.pgpassfile");
      System.clearProperty("org.postgresql.pgservicefile");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', -Ddolphin.gates.url=",
    "${dolphin.gates.url}, -Ddolphin.gates.url=",
    "jdbc:oracle:there, neither SQLite nor PostgreSQL",
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
