package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.zip.CRC32;

/**
 * The seals on a gate's value: the checksum of the command in it, and over every byte of the whole,
 * the rule's state too, the CRC-32 that is its last field.
 */
public final class Sealed {

  /** Of a value as a whole. */
  public static final long SCHEMA = 2;

  /** The field's name: a byte of length and four letters. */
  private static final int NAME_BYTES = 5;

  private static final int EMPTY_BYTES = NAME_BYTES + 1;
  private static final int SEAL_BYTES = NAME_BYTES + 9;

  private Sealed() {}

  /** The value that {@code packed} is, with the seal that fits in place of its empty last field. */
  public static byte[] sealed(byte[] packed) {
    int length = packed.length - EMPTY_BYTES;
    byte[] value = Arrays.copyOf(packed, length + SEAL_BYTES);
    System.arraycopy(seal(packed, length), 0, value, length, SEAL_BYTES);
    return value;
  }

  /** Whether the seal of {@code value} fits everything before it. */
  static boolean fits(byte[] value) {
    if (value == null || value.length < SEAL_BYTES) {
      return false;
    }
    int length = value.length - SEAL_BYTES;
    return Arrays.equals(value, length, value.length, seal(value, length), 0, SEAL_BYTES);
  }

  /** The field that seals the first {@code length} bytes. */
  private static byte[] seal(byte[] fields, int length) {
    CRC32 crc = new CRC32();
    crc.update(fields, 0, length);
    String digits = HexFormat.of().toHexDigits((int) crc.getValue());
    return new Writer().text("seal").text(digits).bytes();
  }

  /**
   * The checksum that the command in {@code value} has to carry, whatever it does carry; empty if
   * there is no command in it.
   */
  public static OptionalLong checksum(byte[] value) {
    try {
      return OptionalLong.of(Command.unchecked(Stored.read(value)).checksum());
    } catch (DamagedException e) {
      return OptionalLong.empty();
    }
  }

  /** The schema of a whole value that another release wrote; empty for any other. */
  public static OptionalLong foreignSchema(byte[] value) {
    try {
      Stored stored = Stored.read(value);
      Command.read(stored);
      stored.whole("version");
      if (fits(value)) {
        long schema = stored.whole("schema");
        return schema == SCHEMA ? OptionalLong.empty() : OptionalLong.of(schema);
      }
      boolean isSealed = Fields.read(value).fields().string("seal") != null;
      return isSealed ? OptionalLong.empty() : OptionalLong.of(1);
    } catch (DamagedException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * Whether a rule can go on from {@code value}: it is under its seal, its command under its
   * checksum, its state whole.
   */
  public static boolean isIntact(byte[] value) {
    return GateEntry.isReadable(value);
  }
}
