package dolphin.jet.gates.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;

/**
 * What differs between the two databases: how a commit is made durable, and how the tables are made
 * ({@code resources/gates/*.sql}).
 *
 * <p>The promises are the database's own, so that they also hold against a hand at its console: a
 * version rises by one, nothing is deleted, and whatever changes a gate leaves a row in {@code
 * gate_history}, in the same transaction.
 */
enum Dialect {
  /** One file, one member. */
  SQLITE("jdbc:sqlite:", "/gates/sqlite.sql", 1) {
    /** A commit moves the log into the file only if {@link #tidyingUp} has not for 40 MB. */
    @Override
    String onConnecting() {
      return "PRAGMA wal_autocheckpoint = 10000";
    }

    @Override
    String tidyingUp() {
      return "PRAGMA wal_checkpoint(PASSIVE)";
    }
  },

  /** A database that every member reaches. */
  POSTGRESQL("jdbc:postgresql:", "/gates/postgresql.sql", 4);

  /** How long a statement may take before the database counts as gone. */
  static final int PATIENCE_S = 2;

  /** How long a connection may take to be made; the first one in a process also loads classes. */
  static final int CONNECTING_S = 5;

  private static final String NOTHING = "SELECT 1";

  private static final String BETWEEN_STATEMENTS = "\n\n";

  private final String prefix;
  private final String schema;
  private final int connections;

  Dialect(String prefix, String schema, int connections) {
    this.prefix = prefix;
    this.schema = schema;
    this.connections = connections;
  }

  static Dialect of(String url) {
    for (Dialect dialect : values()) {
      if (url.startsWith(dialect.prefix)) {
        return dialect;
      }
    }
    throw new IllegalArgumentException(
        "dolphin.gates.url = "
            + url
            + " is neither SQLite nor PostgreSQL. Name jdbc:sqlite:FILE or"
            + " jdbc:postgresql://HOST/DATABASE");
  }

  /** How many a map keeps at most. */
  int connections() {
    return connections;
  }

  /** The first statement of a connection. */
  String onConnecting() {
    return NOTHING;
  }

  /** The statement by which a thread that nobody waits for spares the writers work. */
  String tidyingUp() {
    return NOTHING;
  }

  /** The statements that make the tables where there are none. */
  List<String> schema() {
    try (InputStream file = Dialect.class.getResourceAsStream(schema)) {
      String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
      return List.of(text.strip().split(BETWEEN_STATEMENTS)).stream()
          .filter(part -> part.lines().anyMatch(line -> !line.startsWith("--")))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the jar lacks " + schema, e);
    }
  }

  /** What the driver is told, so that a commit is on disk when it returns, and returns in time. */
  Properties connectionProperties() {
    Properties properties = new Properties();
    if (this == SQLITE) {
      properties.setProperty("journal_mode", "WAL");
      properties.setProperty("synchronous", "FULL");
      properties.setProperty("busy_timeout", String.valueOf(PATIENCE_S * 1000));
      return properties;
    }
    properties.setProperty("connectTimeout", String.valueOf(PATIENCE_S));
    properties.setProperty("loginTimeout", String.valueOf(CONNECTING_S));
    properties.setProperty("socketTimeout", String.valueOf(PATIENCE_S));
    properties.setProperty("ApplicationName", "dolphin gates");
    properties.setProperty(
        "options", "-c synchronous_commit=on -c lock_timeout=" + PATIENCE_S + "s");
    return properties;
  }
}
