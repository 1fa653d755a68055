package dolphin.jet.gates.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedTest {

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  @TempDir Path folder;
  private HikariDataSource pool;
  private final Prepared prepared = new Prepared("SELECT 7");

  @BeforeEach
  void openPool() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:sqlite:" + folder.resolve("prepared.sqlite"));
    config.setMaximumPoolSize(1);
    pool = new HikariDataSource(config);
  }

  @AfterEach
  void closePool() {
    pool.close();
  }

  @Test
  void aStatementIsPreparedOncePerConnection() throws SQLException {
    PreparedStatement first = use();
    assertSame(first, use());

    pool.getHikariPoolMXBean().softEvictConnections();
    PreparedStatement second = use();
    assertNotSame(first, second);
    assertSame(second, use());
  }

  @Test
  void aConnectionThatThePoolClosedIsNotKept() throws SQLException {
    WeakReference<PreparedStatement> closed = new WeakReference<>(use());
    pool.getHikariPoolMXBean().softEvictConnections();
    awaitClosed(closed);
    use();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (closed.get() != null) {
      assertTrue(System.nanoTime() < deadline, "a statement of a closed connection is kept");
      System.gc();
      pause();
    }
  }

  private PreparedStatement use() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      PreparedStatement statement = prepared.on(connection);
      try (ResultSet rows = statement.executeQuery()) {
        assertTrue(rows.next());
        assertEquals(7, rows.getInt(1));
      }
      return statement;
    }
  }

  /** The pool closes a connection on a thread of its own. */
  private static void awaitClosed(WeakReference<PreparedStatement> reference) throws SQLException {
    PreparedStatement statement = reference.get();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!statement.getConnection().isClosed()) {
      assertTrue(System.nanoTime() < deadline, "the pool closes what it evicts");
      pause();
    }
  }

  private static void pause() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
  }
}
