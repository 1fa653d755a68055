package dolphin.jet.gates.store;

import dolphin.jet.gates.msgpack.MalformedException;
import dolphin.jet.gates.msgpack.Reader;

/**
 * Which durable state a gate is in: its number, counted from 1, and the operation that made it.
 *
 * <p>A rule that runs twice for one signal makes the same revision, so storing it twice is storing
 * it once.
 */
record Revision(long version, String op) {

  /**
   * The revision in a gate's msgpack value.
   *
   * @throws GateStoreException if the value carries none; such a value must not be stored
   */
  static Revision of(byte[] value) {
    long version = 0;
    String op = "";
    try {
      Reader reader = new Reader(value);
      long fields = reader.mapHeader();
      for (long left = fields; left > 0 && (version == 0 || op.isEmpty()); left--) {
        switch (reader.text()) {
          case "version" -> version = reader.whole();
          case "op" -> op = reader.text();
          default -> reader.skip();
        }
      }
    } catch (MalformedException e) {
      throw new GateStoreException("a gate's value is unreadable", e);
    }
    if (version < 1 || op.isEmpty()) {
      throw new GateStoreException("a gate's value carries no version and op", null);
    }
    return new Revision(version, op);
  }
}
