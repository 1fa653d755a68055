package dolphin.jet.leverage;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.msgpack.core.MessageFormat;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

/**
 * A msgpack map as it arrived, read without trust: each accessor gives the value if it is what was
 * asked for, and says so if it is not. Nothing here throws on any bytes.
 */
final class Fields {

  /** Longest text that is taken, in UTF-16 units. */
  static final int MAX_TEXT = 256;

  private static final int MAX_DEPTH = 256;

  /**
   * Stands for a value that no rule uses: a float, a binary, an extension, an int beyond 64 bits.
   */
  private static final Object OTHER = new Object();

  /** Bytes of the longest text that is read; what a damaged length claims is not allocated. */
  private static final int MAX_TEXT_BYTES = 1 << 24;

  private final Map<?, ?> map;

  private Fields(Map<?, ?> map) {
    this.map = map;
  }

  /** What came of reading bytes: the map, or why there is none. */
  record Reading(Fields fields, String refusal) {}

  /** Reads one msgpack map; never throws. */
  static Reading read(byte[] bytes) {
    if (bytes == null) {
      return new Reading(null, "signal unreadable");
    }
    try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(bytes)) {
      Object value = value(unpacker, 0);
      if (unpacker.hasNext()) {
        return new Reading(null, "signal unreadable");
      }
      Fields fields = of(value);
      return new Reading(fields, fields == null ? "signal is not a map" : "");
    } catch (IOException | MessagePackException | IllegalArgumentException e) {
      return new Reading(null, "signal unreadable");
    }
  }

  /** {@code value} as a map, or null. */
  static Fields of(Object value) {
    return value instanceof Map<?, ?> map ? new Fields(map) : null;
  }

  boolean has(String name) {
    return map.containsKey(name);
  }

  /** The integer called {@code name} if it lies within {@code [low, high]}. */
  OptionalLong whole(String name, long low, long high) {
    return whole(map.get(name), low, high);
  }

  /** {@code value} if it is an integer within {@code [low, high]}. */
  static OptionalLong whole(Object value, long low, long high) {
    return value instanceof Long number && low <= number && number <= high
        ? OptionalLong.of(number)
        : OptionalLong.empty();
  }

  /** The text called {@code name}, or "" if it is none or too long. */
  String text(String name) {
    return text(map.get(name));
  }

  /** {@code value} if it is text of at most {@link #MAX_TEXT} units, else "". */
  static String text(Object value) {
    return value instanceof String text && text.length() <= MAX_TEXT ? text : "";
  }

  /** The string called {@code name} whatever its length; null if it is none. */
  String string(String name) {
    return map.get(name) instanceof String text ? text : null;
  }

  boolean isTrue(String name) {
    return Boolean.TRUE.equals(map.get(name));
  }

  boolean isFalse(String name) {
    return Boolean.FALSE.equals(map.get(name));
  }

  /** The list called {@code name}; null if it is none. */
  List<?> list(String name) {
    return map.get(name) instanceof List<?> list ? list : null;
  }

  /** The map called {@code name}; null if it is none. */
  Fields map(String name) {
    return of(map.get(name));
  }

  private static Object value(MessageUnpacker unpacker, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("nested too deeply");
    }
    ValueType type = unpacker.getNextFormat().getValueType();
    return switch (type) {
      case NIL -> {
        unpacker.unpackNil();
        yield null;
      }
      case BOOLEAN -> unpacker.unpackBoolean();
      case INTEGER -> integer(unpacker);
      case STRING -> string(unpacker);
      case ARRAY -> array(unpacker, depth);
      case MAP -> map(unpacker, depth);
      default -> {
        unpacker.skipValue();
        yield OTHER;
      }
    };
  }

  /** Strict UTF-8; most texts are ASCII, for which a decoder would cost more than the rule. */
  private static String string(MessageUnpacker unpacker) throws IOException {
    int length = unpacker.unpackRawStringHeader();
    if (length > MAX_TEXT_BYTES) {
      throw new IllegalArgumentException("a text too long to be one");
    }
    byte[] utf8 = unpacker.readPayload(length);
    for (byte each : utf8) {
      if (each < 0) {
        return StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
            .decode(ByteBuffer.wrap(utf8))
            .toString();
      }
    }
    return new String(utf8, StandardCharsets.ISO_8859_1);
  }

  private static Object integer(MessageUnpacker unpacker) throws IOException {
    if (unpacker.getNextFormat() != MessageFormat.UINT64) {
      return unpacker.unpackLong();
    }
    BigInteger number = unpacker.unpackBigInteger();
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : OTHER;
  }

  private static List<Object> array(MessageUnpacker unpacker, int depth) throws IOException {
    List<Object> found = new ArrayList<>();
    for (int left = unpacker.unpackArrayHeader(); left > 0; left--) {
      found.add(value(unpacker, depth + 1));
    }
    return found;
  }

  private static Map<Object, Object> map(MessageUnpacker unpacker, int depth) throws IOException {
    Map<Object, Object> found = new HashMap<>();
    for (int left = unpacker.unpackMapHeader(); left > 0; left--) {
      ValueType type = unpacker.getNextFormat().getValueType();
      if (type != ValueType.STRING && type != ValueType.BINARY) {
        throw new IllegalArgumentException("a key that is not text");
      }
      Object key = value(unpacker, depth + 1);
      found.put(key, value(unpacker, depth + 1));
    }
    return found;
  }
}
