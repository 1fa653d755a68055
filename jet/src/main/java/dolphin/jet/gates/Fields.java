package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.MalformedException;
import dolphin.jet.gates.msgpack.Reader;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A msgpack map as it arrived, read without trust: each accessor gives the value if it is what was
 * asked for, and says so if it is not. Nothing here throws on any bytes.
 */
final class Fields {

  /** Longest text that is taken, in UTF-16 units. */
  static final int MAX_TEXT = 256;

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
    try {
      Reader reader = new Reader(bytes);
      Object value = reader.value();
      if (reader.hasNext()) {
        return new Reading(null, "signal unreadable");
      }
      Fields fields = of(value);
      return new Reading(fields, fields == null ? "signal is not a map" : "");
    } catch (MalformedException e) {
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
}
