package dolphin.jet.gates.msgpack;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one message from front to back. Whatever the bytes are, it gives a value or throws {@link
 * MalformedException}; a length that they claim is never believed beyond their end.
 */
public final class Reader {

  /**
   * Stands for a value that no rule uses: a float, a binary, an extension, an int beyond 64 bits.
   */
  public static final Object OTHER = new Object();

  private static final int MAX_DEPTH = 256;

  /** Slots of a map: enough for a value's fields without a second table. */
  private static final int ROOM = 32;

  private final byte[] bytes;
  private int at;

  public Reader(byte[] bytes) {
    this.bytes = bytes;
  }

  public boolean hasNext() {
    return at < bytes.length;
  }

  /**
   * The next value: null, {@link Boolean}, {@link Long}, {@link String}, {@link List}, {@link Map}
   * or {@link #OTHER}. The keys of a map are texts, or binaries, which are all {@link #OTHER}; of
   * two values under one key the later holds.
   */
  public Object value() {
    return value(0);
  }

  /** The number of entries of the map that begins here. */
  public long mapHeader() {
    int type = next();
    if (isFixMap(type)) {
      return type & 0x0f;
    }
    return switch (type) {
      case 0xde -> number(2);
      case 0xdf -> number(4);
      default -> throw new MalformedException("not a map");
    };
  }

  /** The text that begins here. */
  public String text() {
    if (value() instanceof String text) {
      return text;
    }
    throw new MalformedException("not a text");
  }

  /** The number, of 63 bits and a sign, that begins here. */
  public long whole() {
    if (value() instanceof Long number) {
      return number;
    }
    throw new MalformedException("not a whole number");
  }

  /** Goes past the value that begins here, without a look at its texts. */
  public void skip() {
    for (long left = 1; left > 0; left--) {
      int type = next();
      if (isFixMap(type)) {
        left += 2L * (type & 0x0f);
      } else if (isFixList(type)) {
        left += type & 0x0f;
      } else {
        switch (type) {
          case 0xdc -> left += number(2);
          case 0xdd -> left += number(4);
          case 0xde -> left += 2 * number(2);
          case 0xdf -> left += 2 * number(4);
          default -> take(sizeOf(type));
        }
      }
    }
  }

  private Object value(int depth) {
    if (depth > MAX_DEPTH) {
      throw new MalformedException("nested too deeply");
    }
    int type = next();
    if (isFixNumber(type)) {
      return (long) (byte) type;
    }
    if (isFixText(type)) {
      return text(type & 0x1f);
    }
    if (isFixMap(type)) {
      return map(type & 0x0f, depth);
    }
    if (isFixList(type)) {
      return list(type & 0x0f, depth);
    }
    return switch (type) {
      case 0xc0 -> null;
      case 0xc2 -> false;
      case 0xc3 -> true;
      case 0xcc -> number(1);
      case 0xcd -> number(2);
      case 0xce -> number(4);
      case 0xcf -> unsigned(number(8));
      case 0xd0 -> (long) (byte) number(1);
      case 0xd1 -> (long) (short) number(2);
      case 0xd2 -> (long) (int) number(4);
      case 0xd3 -> number(8);
      case 0xd9, 0xda, 0xdb -> text(sizeOf(type));
      case 0xdc -> list(number(2), depth);
      case 0xdd -> list(number(4), depth);
      case 0xde -> map(number(2), depth);
      case 0xdf -> map(number(4), depth);
      default -> {
        take(sizeOf(type));
        yield OTHER;
      }
    };
  }

  /** The bytes that belong to a value that holds no other, its length already read. */
  private long sizeOf(int type) {
    if (isFixNumber(type)) {
      return 0;
    }
    if (isFixText(type)) {
      return type & 0x1f;
    }
    return switch (type) {
      case 0xc0, 0xc2, 0xc3 -> 0;
      case 0xcc, 0xd0 -> 1;
      case 0xcd, 0xd1, 0xd4 -> 2;
      case 0xd5 -> 3;
      case 0xca, 0xce, 0xd2 -> 4;
      case 0xd6 -> 5;
      case 0xcb, 0xcf, 0xd3 -> 8;
      case 0xd7 -> 9;
      case 0xd8 -> 17;
      case 0xc4, 0xd9 -> number(1);
      case 0xc5, 0xda -> number(2);
      case 0xc6, 0xdb -> number(4);
      case 0xc7 -> number(1) + 1;
      case 0xc8 -> number(2) + 1;
      case 0xc9 -> number(4) + 1;
      default -> throw new MalformedException("a type that does not exist");
    };
  }

  private List<Object> list(long size, int depth) {
    List<Object> found = new ArrayList<>();
    for (long left = size; left > 0; left--) {
      found.add(value(depth + 1));
    }
    return found;
  }

  private Map<Object, Object> map(long size, int depth) {
    Map<Object, Object> found = new HashMap<>(ROOM);
    for (long left = size; left > 0; left--) {
      Object key = key();
      found.put(key, value(depth + 1));
    }
    return found;
  }

  private Object key() {
    int type = hasNext() ? bytes[at] & 0xff : 0;
    boolean isText = isFixText(type) || (0xd9 <= type && type <= 0xdb);
    boolean isBinary = 0xc4 <= type && type <= 0xc6;
    if (!isText && !isBinary) {
      throw new MalformedException("a key that is not text");
    }
    return value();
  }

  /** Strict UTF-8; most texts are ASCII, for which a decoder would cost more than the rule. */
  private String text(long size) {
    int start = take(size);
    for (int each = start; each < at; each++) {
      if (bytes[each] < 0) {
        return decoded(start, at - start);
      }
    }
    return new String(bytes, start, at - start, StandardCharsets.ISO_8859_1);
  }

  private String decoded(int start, int size) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder() // which reports what is malformed
          .decode(ByteBuffer.wrap(bytes, start, size))
          .toString();
    } catch (CharacterCodingException e) {
      throw new MalformedException("a text that is not UTF-8");
    }
  }

  private static Object unsigned(long number) {
    return number >= 0 ? (Object) number : OTHER;
  }

  /** The next {@code size} bytes as a big-endian number, unsigned if it has fewer than 8. */
  private long number(int size) {
    long number = 0;
    for (int each = take(size); each < at; each++) {
      number = number << Byte.SIZE | (bytes[each] & 0xff);
    }
    return number;
  }

  private int next() {
    return bytes[take(1)] & 0xff;
  }

  /** Goes past {@code size} bytes; where they begin. */
  private int take(long size) {
    if (size > bytes.length - at) {
      throw new MalformedException("the bytes end too early");
    }
    int start = at;
    at += (int) size;
    return start;
  }

  private static boolean isFixNumber(int type) {
    return type <= 0x7f || type >= 0xe0;
  }

  private static boolean isFixMap(int type) {
    return (type & 0xf0) == 0x80;
  }

  private static boolean isFixList(int type) {
    return (type & 0xf0) == 0x90;
  }

  private static boolean isFixText(int type) {
    return (type & 0xe0) == 0xa0;
  }
}
