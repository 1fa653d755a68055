package dolphin.jet.gates;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * A map that we stored ourselves: every accessor gives what was asked for or throws {@link
 * DamagedException}.
 */
final class Stored {

  private final Fields fields;

  private Stored(Fields fields) {
    this.fields = fields;
  }

  static Stored read(byte[] value) {
    return new Stored(present(Fields.read(value).fields(), "value"));
  }

  static Stored of(Fields fields) {
    return new Stored(fields);
  }

  Stored map(String name) {
    return new Stored(present(fields.map(name), name));
  }

  long whole(String name) {
    return number(fields.whole(name, 0, Long.MAX_VALUE), name);
  }

  boolean claim(String name) {
    if (!fields.isTrue(name) && !fields.isFalse(name)) {
      throw new DamagedException(name);
    }
    return fields.isTrue(name);
  }

  String text(String name) {
    return present(fields.string(name), name);
  }

  Posture posture(String name) {
    return present(Posture.named(fields.string(name)), name);
  }

  List<?> list(String name) {
    return present(fields.list(name), name);
  }

  List<Long> wholes(String name) {
    List<Long> found = new ArrayList<>();
    for (Object each : list(name)) {
      found.add(whole(each));
    }
    return found;
  }

  List<String> texts(String name) {
    List<String> found = new ArrayList<>();
    for (Object each : list(name)) {
      found.add(text(each));
    }
    return found;
  }

  /** The list called {@code name}, which has {@code size} elements. */
  List<?> row(String name, int size) {
    return row(list(name), size);
  }

  static List<?> row(Object raw, int size) {
    if (!(raw instanceof List<?> row) || row.size() != size) {
      throw new DamagedException("row");
    }
    return row;
  }

  static long whole(Object value) {
    return whole(value, 0, Long.MAX_VALUE);
  }

  static long whole(Object value, long low, long high) {
    return number(Fields.whole(value, low, high), "number");
  }

  static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new DamagedException("text");
  }

  private static long number(OptionalLong value, String name) {
    return value.orElseThrow(() -> new DamagedException(name));
  }

  private static <T> T present(T value, String name) {
    if (value == null) {
      throw new DamagedException(name);
    }
    return value;
  }
}
