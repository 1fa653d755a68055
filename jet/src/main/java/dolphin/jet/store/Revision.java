package dolphin.jet.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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

  private static final byte[] VERSION = "version".getBytes(StandardCharsets.UTF_8);
  private static final byte[] OP = "op".getBytes(StandardCharsets.UTF_8);

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
        int length = unpacker.unpackRawStringHeader();
        byte[] name = unpacker.readPayload(length);
        if (Arrays.equals(name, VERSION)) {
          version = unpacker.unpackLong();
        } else if (Arrays.equals(name, OP)) {
          op = unpacker.unpackString();
        } else {
          unpacker.skipValue();
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
