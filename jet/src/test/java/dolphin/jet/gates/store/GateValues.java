package dolphin.jet.gates.store;

import dolphin.jet.gates.ApplyLeverage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.AbstractMap.SimpleEntry;
import java.util.LinkedHashMap;
import java.util.Map;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/** Values that carry a revision and something to tell them apart, as a gate's value does. */
final class GateValues {

  private GateValues() {}

  /** The value of a real gate as the release before seals wrote it. */
  static byte[] ofTheReleaseBefore() {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packMapHeader(4);
      packer.packString("kind").packString("vote");
      packer.packString("source").packString("taker");
      packer.packString("seq").packLong(1);
      packer.packString("time_ns").packLong(1);
      SimpleEntry<String, byte[]> gate = new SimpleEntry<>("paper/A", null);
      new ApplyLeverage(packer.toByteArray()).process(gate);
      return without(gate.getValue(), "schema", "seal");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] without(byte[] value, String... names) throws IOException {
    try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(value);
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      Map<Value, Value> fields = new LinkedHashMap<>(unpacker.unpackValue().asMapValue().map());
      for (String name : names) {
        fields.remove(ValueFactory.newString(name));
      }
      packer.packValue(ValueFactory.newMap(fields));
      return packer.toByteArray();
    }
  }

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
