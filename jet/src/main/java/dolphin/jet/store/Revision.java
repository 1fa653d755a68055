package dolphin.jet.store;

import java.io.IOException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;

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
    try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(value)) {
      int fields = unpacker.unpackMapHeader();
      for (int left = fields; left > 0 && (version == 0 || op.isEmpty()); left--) {
        switch (unpacker.unpackString()) {
          case "version" -> version = unpacker.unpackLong();
          case "op" -> op = unpacker.unpackString();
          default -> unpacker.skipValue();
        }
      }
    } catch (IOException | MessagePackException e) {
      throw new GateStoreException("a gate's value is unreadable", e);
    }
    if (version < 1 || op.isEmpty()) {
      throw new GateStoreException("a gate's value carries no version and op", null);
    }
    return new Revision(version, op);
  }
}
