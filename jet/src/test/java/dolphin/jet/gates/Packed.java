package dolphin.jet.gates;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Messages as the MessagePack library writes them: what ours is compared with. */
final class Packed {

  private Packed() {}

  /** Writes one message. */
  interface Part {
    void pack(MessageBufferPacker packer) throws IOException;
  }

  static byte[] bytes(Part part) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      part.pack(packer);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer in memory cannot fail", e);
    }
  }
}
