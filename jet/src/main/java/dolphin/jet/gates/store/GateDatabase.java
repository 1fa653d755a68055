package dolphin.jet.gates.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dolphin.jet.gates.Sealed;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * The gates of one map in the database. Every write is one statement and one transaction: it makes
 * version v out of version v - 1, or it changes nothing.
 */
final class GateDatabase implements AutoCloseable {

  private static final String LOAD = "SELECT value FROM gate WHERE map = ? AND key = ?";
  private static final String VALUES = "SELECT value FROM gate WHERE map = ?";
  private static final String KEYS = "SELECT key FROM gate WHERE map = ?";
  private static final String REVISION = "SELECT version, op FROM gate WHERE map = ? AND key = ?";
  private static final String REVISIONS = "SELECT key, version, op FROM gate WHERE map = ?";
  private static final String SUM_OF_VERSIONS =
      "SELECT coalesce(sum(version), 0) FROM gate WHERE map = ?";
  private static final String FIRST =
      "INSERT INTO gate (version, op, value, map, key) VALUES (?, ?, ?, ?, ?)"
          + " ON CONFLICT DO NOTHING";
  private static final String NEXT =
      "UPDATE gate SET version = ?, op = ?, value = ? WHERE map = ? AND key = ? AND version = ?";

  private final String map;
  private final HikariDataSource pool;
  private final Dialect dialect;
  private final Prepared first = new Prepared(FIRST);
  private final Prepared next = new Prepared(NEXT);

  private GateDatabase(String map, HikariDataSource pool, Dialect dialect) {
    this.map = map;
    this.pool = pool;
    this.dialect = dialect;
  }

  /**
   * Connects and makes the tables if there are none.
   *
   * @throws GateStoreException with one line that says what is wrong with the database
   */
  static GateDatabase open(GateSettings settings, String map) {
    try {
      GateDatabase database =
          new GateDatabase(
              map, new HikariDataSource(connecting(settings, map)), settings.dialect());
      database.createTables();
      database.requireOurs(settings);
      return database;
    } catch (GateStoreException e) {
      throw e;
    } catch (RuntimeException | SQLException e) {
      throw new GateStoreException(
          "the gate database " + settings + " cannot be used: " + rootMessage(e), e);
    }
  }

  /** What another release wrote would be refused signal by signal: better said before a start. */
  private void requireOurs(GateSettings settings) {
    OptionalLong foreign =
        query(
            VALUES,
            List.of(map),
            rows -> {
              OptionalLong found = OptionalLong.empty();
              while (found.isEmpty() && rows.next()) {
                found = Sealed.foreignSchema(rows.getBytes(1));
              }
              return found;
            });
    if (foreign.isPresent()) {
      pool.close();
      throw new GateStoreException(
          String.format(
              "the gates in %s are of another release (schema %d, this one reads %d). Keep a copy"
                  + " of them and begin with new ones: see docs/gates.md",
              settings, foreign.getAsLong(), Sealed.SCHEMA),
          null);
    }
  }

  /**
   * How connections are made. The password is said even if it is empty: PostgreSQL's driver would
   * look for one in {@code ~/.pgpass} otherwise.
   */
  static HikariConfig connecting(GateSettings settings, String map) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("gates " + map);
    config.setJdbcUrl(settings.url());
    if (!settings.user().isEmpty()) {
      config.setUsername(settings.user());
    }
    config.setPassword(settings.password());
    Properties driver = settings.dialect().connectionProperties();
    driver
        .stringPropertyNames()
        .forEach(name -> config.addDataSourceProperty(name, driver.getProperty(name)));
    config.setConnectionInitSql(settings.dialect().onConnecting());
    config.setMaximumPoolSize(settings.dialect().connections());
    config.setMinimumIdle(1);
    long patienceMs = TimeUnit.SECONDS.toMillis(Dialect.PATIENCE_S);
    config.setConnectionTimeout(patienceMs);
    config.setValidationTimeout(patienceMs / 2);
    config.setInitializationFailTimeout(TimeUnit.SECONDS.toMillis(Dialect.CONNECTING_S));
    return config;
  }

  private void createTables() throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String sql : dialect.schema()) {
        statement.execute(sql);
      }
      connection.commit();
    } catch (SQLException e) {
      pool.close();
      throw e;
    }
  }

  /** The value of {@code key}; null if it has none. */
  byte[] load(String key) {
    return query(LOAD, List.of(map, key), row -> row.next() ? row.getBytes(1) : null);
  }

  /** The revision of {@code key}; null if it has no value. */
  Revision revision(String key) {
    return query(
        REVISION,
        List.of(map, key),
        row -> row.next() ? new Revision(row.getLong(1), row.getString(2)) : null);
  }

  List<String> keys() {
    return query(
        KEYS,
        List.of(map),
        rows -> {
          List<String> keys = new ArrayList<>();
          while (rows.next()) {
            keys.add(rows.getString(1));
          }
          return keys;
        });
  }

  Map<String, Revision> revisions() {
    return query(
        REVISIONS,
        List.of(map),
        rows -> {
          Map<String, Revision> revisions = new HashMap<>();
          while (rows.next()) {
            revisions.put(rows.getString(1), new Revision(rows.getLong(2), rows.getString(3)));
          }
          return revisions;
        });
  }

  /** Rises with every change of a gate: a version only rises, and no gate is deleted. */
  long sumOfVersions() {
    return query(SUM_OF_VERSIONS, List.of(map), row -> row.next() ? row.getLong(1) : 0L);
  }

  /**
   * Makes {@code value} the state of {@code key}, or finds that it is already.
   *
   * @throws StaleGateException if the database is not at the version before {@code revision}
   * @throws GateStoreException if the database does not answer; whether it stored is unknown then
   */
  void store(String key, Revision revision, byte[] value) {
    if (write(key, revision, value) == 1) {
      return;
    }
    Revision stored = revision(key);
    if (!revision.equals(stored)) {
      throw new StaleGateException(map, key, revision, stored);
    }
  }

  /** What a write would otherwise have to do now and then. */
  void tidyUp() {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(dialect.tidyingUp());
    } catch (SQLException e) {
      throw unanswered(e);
    }
  }

  private int write(String key, Revision revision, byte[] value) {
    try (Connection connection = pool.getConnection()) {
      try {
        return write(connection, key, revision, value);
      } catch (SQLException e) {
        // The pool does not see what fails behind its back, and would lend this connection again.
        pool.evictConnection(connection);
        throw e;
      }
    } catch (SQLException e) {
      throw unanswered(e);
    }
  }

  private int write(Connection connection, String key, Revision revision, byte[] value)
      throws SQLException {
    boolean isFirst = revision.version() == 1;
    PreparedStatement statement = (isFirst ? first : next).on(connection);
    statement.setLong(1, revision.version());
    statement.setString(2, revision.op());
    statement.setBytes(3, value);
    statement.setString(4, map);
    statement.setString(5, key);
    if (!isFirst) {
      statement.setLong(6, revision.version() - 1);
    }
    return statement.executeUpdate();
  }

  @Override
  public void close() {
    pool.close();
  }

  /** Reads a result. */
  @FunctionalInterface
  private interface Reader<T> {
    T read(ResultSet rows) throws SQLException;
  }

  private <T> T query(String sql, List<String> parameters, Reader<T> reader) {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int index = 0; index < parameters.size(); index++) {
        statement.setString(index + 1, parameters.get(index));
      }
      try (ResultSet rows = statement.executeQuery()) {
        return reader.read(rows);
      }
    } catch (SQLException e) {
      throw unanswered(e);
    }
  }

  private static GateStoreException unanswered(SQLException e) {
    return new GateStoreException("the gate database does not answer: " + rootMessage(e), e);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse(root.toString());
  }
}
