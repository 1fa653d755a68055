package dolphin.jet.gates.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A statement that stays prepared on each connection of a pool for as long as the connection lives.
 *
 * <p>SQLite parses a write and its triggers whenever it is prepared, which is up to a quarter of
 * the time that the write takes. The pool closes the statements of a connection that comes back to
 * it, so this one is prepared on the connection behind the pool's. The pool does not see what fails
 * on it then: evict the connection after an exception, and neither it nor its statement is used
 * again.
 *
 * <p>A connection is lent to one thread at a time, and so is its statement.
 */
final class Prepared {

  private final String sql;

  /** A statement refers to its connection, so that weak keys would keep both for ever. */
  private final Map<Connection, PreparedStatement> statements = new ConcurrentHashMap<>();

  Prepared(String sql) {
    this.sql = sql;
  }

  /** The statement on a connection of a pool, for the borrower until it gives that back. */
  PreparedStatement on(Connection borrowed) throws SQLException {
    Connection connection = borrowed.unwrap(Connection.class);
    PreparedStatement known = statements.get(connection);
    if (known != null) {
      return known;
    }
    forgetClosed();
    PreparedStatement prepared = connection.prepareStatement(sql);
    statements.put(connection, prepared);
    return prepared;
  }

  private void forgetClosed() throws SQLException {
    Iterator<Connection> connections = statements.keySet().iterator();
    while (connections.hasNext()) {
      if (connections.next().isClosed()) {
        connections.remove();
      }
    }
  }
}
