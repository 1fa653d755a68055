package dolphin.jet.gates.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Values that carry a revision and something to tell them apart, as a gate's value does. */
final class GateValues {

  private GateValues() {}

  static byte[] value(long version, String op, String content) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packMapHeader(3);
      packer.packString("content").packString(content);
      packer.packString("version").packLong(version);
      packer.packString("op").packString(op);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
