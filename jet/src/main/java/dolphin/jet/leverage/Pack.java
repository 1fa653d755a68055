package dolphin.jet.leverage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Parts of a msgpack message, in memory. */
final class Pack {

  /** Room for most messages; the library's 8 kB would be cleared for each of them. */
  private static final MessagePack.PackerConfig SMALL =
      new MessagePack.PackerConfig().withBufferSize(1_024);

  private Pack() {}

  /** Writes one part of a message. */
  interface Part {
    void pack(MessageBufferPacker packer) throws IOException;
  }

  static byte[] bytes(Part part) {
    try (MessageBufferPacker packer = SMALL.newBufferPacker()) {
      part.pack(packer);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer in memory cannot fail", e);
    }
  }

  static void longs(MessageBufferPacker packer, String name, List<Long> values) throws IOException {
    packer.packString(name).packArrayHeader(values.size());
    for (long value : values) {
      packer.packLong(value);
    }
  }

  static void texts(MessageBufferPacker packer, String name, List<String> values)
      throws IOException {
    packer.packString(name).packArrayHeader(values.size());
    for (String value : values) {
      packer.packString(value);
    }
  }

  static void manual(MessageBufferPacker packer, ManualCut manual) throws IOException {
    packer.packString("manual").packArrayHeader(3);
    packer.packInt(manual.level()).packLong(manual.seq()).packString(manual.note());
  }
}
