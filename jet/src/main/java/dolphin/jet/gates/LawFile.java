package dolphin.jet.gates;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.toml.TomlFactory;

/**
 * {@code law.toml} as it was read, without trust: a number is given if it is there and within the
 * range that stands beside it, and whoever asks for another is told in one line what to mend.
 */
final class LawFile {

  private static final String VALUE = "value";
  private static final int DIGEST_BYTES = 8;

  private final Map<?, ?> sections;

  private LawFile(Map<?, ?> sections) {
    this.sections = sections;
  }

  static LawFile read(String toml) {
    try (JsonParser parser = new TomlFactory().createParser(ObjectReadContext.empty(), toml)) {
      parser.nextToken();
      return new LawFile(map(parser));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(line("no TOML: " + e.getOriginalMessage()), e);
    }
  }

  /** The one value of {@code section.name}. */
  long number(String section, String name) {
    Map<?, ?> number = entry(section, name);
    return checked(section + "." + name, number, number.get(VALUE));
  }

  /** The {@code size} values of {@code section.name}. */
  List<Long> row(String section, String name, int size) {
    String field = section + "." + name;
    Map<?, ?> number = entry(section, name);
    if (!(number.get(VALUE) instanceof List<?> values) || values.size() != size) {
      throw refused(field, number.get(VALUE), "must be a list of " + size);
    }
    List<Long> row = new ArrayList<>();
    for (Object value : values) {
      row.add(checked(field, number, value));
    }
    return List.copyOf(row);
  }

  /**
   * Checks what must hold between numbers: each list under {@code order} ({@code rising} or {@code
   * falling}) names numbers, or rows of numbers, that rise or fall strictly.
   *
   * @throws IllegalArgumentException with one line that names those that do not
   */
  void check(String order, boolean isRising) {
    if (!(sections.get(order) instanceof List<?> lines)) {
      throw refused(order, sections.get(order), "must be lists of names");
    }
    for (Object line : lines) {
      List<?> names = line instanceof List<?> list ? list : List.of(line);
      List<Long> values = names.stream().flatMap(name -> values(String.valueOf(name))).toList();
      for (int i = 1; i < values.size(); i++) {
        if (isRising ? values.get(i) <= values.get(i - 1) : values.get(i) >= values.get(i - 1)) {
          throw refused(names.toString(), values, "must be strictly " + order);
        }
      }
    }
  }

  /** The hash of the version and of every number: 16 hexadecimal digits. */
  String digest() {
    List<String> lines = new ArrayList<>(List.of("version=" + sections.get("version")));
    sections.forEach(
        (section, numbers) -> {
          if (numbers instanceof Map<?, ?> named) {
            named.forEach((name, number) -> lines.add(section + "." + name + "=" + tuple(number)));
          }
        });
    lines.sort(null);
    return Sha256.hex(DIGEST_BYTES, String.join("\n", lines));
  }

  /** The values of a number, as Python writes a tuple of them. */
  private static String tuple(Object number) {
    Object value = number instanceof Map<?, ?> fields ? fields.get(VALUE) : number;
    if (value == null) {
      throw refused(VALUE, number, "must be there");
    }
    List<?> values = value instanceof List<?> row ? row : List.of(value);
    String each = values.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return values.size() == 1 ? "(" + each + ",)" : "(" + each + ")";
  }

  /** The value or values of {@code section.name}. */
  private Stream<Long> values(String field) {
    int dot = field.indexOf('.');
    Map<?, ?> number =
        dot < 0 ? Map.of() : entry(field.substring(0, dot), field.substring(dot + 1));
    Object value = number.get(VALUE);
    return value instanceof List<?> row
        ? row.stream().map(each -> checked(field, number, each))
        : Stream.of(checked(field, number, value));
  }

  /** The refusal of {@code value}, to be thrown. */
  static IllegalArgumentException refused(String field, Object value, String why) {
    return new IllegalArgumentException(line(field + " = " + value + ": " + why));
  }

  private static String line(String what) {
    return "law.toml: " + what + ". Restore src/dolphin/core/law.toml and build the jar again";
  }

  /** What stands at {@code section.name}; nothing if that is no number of the law. */
  private Map<?, ?> entry(String section, String name) {
    return sections.get(section) instanceof Map<?, ?> numbers
            && numbers.get(name) instanceof Map<?, ?> number
        ? number
        : Map.of();
  }

  private static long checked(String field, Map<?, ?> number, Object value) {
    if (!(number.get("low") instanceof Long low) || !(number.get("high") instanceof Long high)) {
      throw refused(field, value, "must have a range of whole numbers, low and high");
    }
    if (!(value instanceof Long whole) || whole < low || whole > high) {
      throw refused(field, value, "must be a whole number from " + low + " to " + high);
    }
    return whole;
  }

  /**
   * The value that begins at the parser's token: a map, a list, a {@link Long}, or the text of
   * whatever else it is. The library's own mapper would take 150 ms of a member's start.
   */
  private static Object value(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> map(parser);
      case START_ARRAY -> list(parser);
      case VALUE_NUMBER_INT -> whole(parser);
      default -> parser.getString();
    };
  }

  private static Map<String, Object> map(JsonParser parser) {
    Map<String, Object> found = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      found.put(name, value(parser));
    }
    return found;
  }

  private static List<Object> list(JsonParser parser) {
    List<Object> found = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      found.add(value(parser));
    }
    return found;
  }

  private static Object whole(JsonParser parser) {
    return parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
        ? parser.getString()
        : (Object) parser.getLongValue();
  }
}
