package dolphin.jet.gates.merge;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The fields that a map may have, in the order in which they are written: what each looks like, how
 * two of its values join, and what is left of one in a gate that closes.
 *
 * <p>A value that does not look as it should counts as absent, and a field that the table does not
 * name is dropped; {@link #knows} tells of both.
 */
final class FieldTable {

  private final List<Part> parts;

  FieldTable(Part... parts) {
    this.parts = List.of(parts);
  }

  /** What joins as one: a field, or two that belong together, whose value is the list of both. */
  record Part(
      List<String> names,
      Predicate<Object> fits,
      BinaryOperator<Object> join,
      UnaryOperator<Object> close) {

    static Part field(String name, Predicate<Object> fits, BinaryOperator<Object> join) {
      return new Part(List.of(name), fits, join, value -> value);
    }

    static Part pair(
        String first, String second, Predicate<Object> fits, BinaryOperator<Object> join) {
      return new Part(List.of(first, second), fits, join, value -> value);
    }

    /** The same, of which a gate that closes has {@code left}. */
    Part closing(Object left) {
      return closingBy(value -> left);
    }

    Part closingBy(UnaryOperator<Object> closer) {
      return new Part(names, fits, join, closer);
    }

    /** The value in {@code fields}; null if it is not there or does not fit. */
    private Object in(Map<?, ?> fields) {
      Object value = fields.get(names.get(0));
      if (names.size() > 1) {
        List<Object> values = new ArrayList<>();
        names.forEach(name -> values.add(fields.get(name)));
        value = values;
      }
      return fits.test(value) ? value : null;
    }

    private void put(Object value, Map<String, Object> fields) {
      if (names.size() == 1) {
        fields.put(names.get(0), value);
      } else {
        for (int index = 0; index < names.size(); index++) {
          fields.put(names.get(index), ((List<?>) value).get(index));
        }
      }
    }
  }

  /** Whether every field in {@code fields} is of this table and looks as it should. */
  boolean knows(Map<?, ?> fields) {
    int known = 0;
    for (Part part : parts) {
      known += part.in(fields) == null ? 0 : part.names.size();
    }
    return known == fields.size();
  }

  /** The fields of both, joined; a field that only one of them has stands. */
  Map<String, Object> join(Map<?, ?> a, Map<?, ?> b) {
    Map<String, Object> joined = new LinkedHashMap<>();
    for (Part part : parts) {
      Object left = part.in(a);
      Object right = part.in(b);
      if (left != null && right != null) {
        part.put(part.join.apply(left, right), joined);
      } else if (left != null || right != null) {
        part.put(left == null ? right : left, joined);
      }
    }
    return joined;
  }

  /** What a gate that closes has left of {@code fields}. */
  Map<String, Object> closed(Map<?, ?> fields) {
    Map<String, Object> closed = new LinkedHashMap<>();
    for (Part part : parts) {
      Object value = part.in(fields);
      if (value != null) {
        part.put(part.close.apply(value), closed);
      }
    }
    return closed;
  }
}
