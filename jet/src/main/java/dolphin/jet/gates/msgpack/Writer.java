package dolphin.jet.gates.msgpack;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Writes one message, each part in the shortest form there is, as {@code msgpack.packb} of Python
 * does.
 */
public final class Writer {

  private static final int ROOM = 512;

  private byte[] bytes = new byte[ROOM];
  private int size;

  /** Opens a map of {@code entries}, which have to follow. */
  public Writer map(int entries) {
    return header(entries, 0x80, 0x0f, 0xde);
  }

  /** Opens a list of {@code elements}, which have to follow. */
  public Writer list(int elements) {
    return header(elements, 0x90, 0x0f, 0xdc);
  }

  public Writer nil() {
    return number(0xc0, 0, 0);
  }

  public Writer claim(boolean value) {
    return number(value ? 0xc3 : 0xc2, 0, 0);
  }

  public Writer text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    if (utf8.length > 0x1f && utf8.length <= 0xff) {
      number(0xd9, utf8.length, 1);
    } else {
      header(utf8.length, 0xa0, 0x1f, 0xda);
    }
    return raw(utf8);
  }

  public Writer whole(long value) {
    if (-0x20 <= value && value <= 0x7f) {
      return number((int) value, 0, 0);
    }
    if (value > 0) {
      return value <= 0xff
          ? number(0xcc, value, 1)
          : value <= 0xffff
              ? number(0xcd, value, 2)
              : value <= 0xffff_ffffL ? number(0xce, value, 4) : number(0xcf, value, 8);
    }
    return value == (byte) value
        ? number(0xd0, value, 1)
        : value == (short) value
            ? number(0xd1, value, 2)
            : value == (int) value ? number(0xd2, value, 4) : number(0xd3, value, 8);
  }

  public Writer texts(List<String> values) {
    list(values.size());
    values.forEach(this::text);
    return this;
  }

  public Writer wholes(List<Long> values) {
    list(values.size());
    values.forEach(this::whole);
    return this;
  }

  /** Parts that were written before. */
  public Writer raw(byte[] written) {
    require(written.length);
    System.arraycopy(written, 0, bytes, size, written.length);
    size += written.length;
    return this;
  }

  /** What has been written. */
  public byte[] bytes() {
    return Arrays.copyOf(bytes, size);
  }

  /** {@code wide} is the type with a length of two bytes; the next one has a length of four. */
  private Writer header(int length, int fix, int fixMost, int wide) {
    if (length <= fixMost) {
      return number(fix | length, 0, 0);
    }
    return length <= 0xffff ? number(wide, length, 2) : number(wide + 1, length, 4);
  }

  /** A type and the lowest {@code width} bytes of {@code value}, big-endian. */
  private Writer number(int type, long value, int width) {
    require(1 + width);
    bytes[size++] = (byte) type;
    for (int shift = (width - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      bytes[size++] = (byte) (value >> shift);
    }
    return this;
  }

  private void require(int more) {
    if (more > bytes.length - size) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
    }
  }
}
