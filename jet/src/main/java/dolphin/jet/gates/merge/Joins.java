package dolphin.jet.gates.merge;

import dolphin.jet.gates.Law;
import dolphin.jet.gates.Posture;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What the values in a gate look like, and how two of one kind join: numbers are {@link Long}s,
 * postures their names. Each join is commutative, associative and idempotent.
 */
final class Joins {

  static final Predicate<Object> WHOLE = Long.class::isInstance;
  static final Predicate<Object> TEXT = String.class::isInstance;
  static final Predicate<Object> CLAIM = Boolean.class::isInstance;
  static final Predicate<Object> POSTURE = Joins::isPosture;
  static final Predicate<Object> WHOLES = each(WHOLE);
  static final Predicate<Object> TEXTS = each(TEXT);

  /** {@code [epoch, seq]}. */
  static final Predicate<Object> NUMBERED = row(WHOLE, WHOLE);

  /** {@code [version, op]}. */
  static final Predicate<Object> REVISION = row(WHOLE, TEXT);

  /** {@code [level, seq, note]}. */
  static final Predicate<Object> MANUAL = row(WHOLE, WHOLE, TEXT);

  /** Of each {@code [name, seq, severity, clears, unclear, expires, reason, cause]}. */
  static final Predicate<Object> SOURCES =
      each(row(TEXT, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, TEXT, TEXT));

  private static final int MAX_TEXTS = 32;
  private static final int MAX_EPISODES = Law.packaged().breaker().maxEpisodes();

  private Joins() {}

  private static boolean isPosture(Object value) {
    return value instanceof String name && Posture.named(name) != null;
  }

  private static Predicate<Object> each(Predicate<Object> fits) {
    return value -> value instanceof List<?> list && list.stream().allMatch(fits);
  }

  @SafeVarargs
  private static Predicate<Object> row(Predicate<Object>... columns) {
    return value -> {
      if (!(value instanceof List<?> row) || row.size() != columns.length) {
        return false;
      }
      boolean fits = true;
      for (int index = 0; index < columns.length; index++) {
        fits &= columns[index].test(row.get(index));
      }
      return fits;
    };
  }

  /** By size for numbers, by code unit for texts, which no two values of one field mix. */
  @SuppressWarnings("unchecked")
  private static int compare(Object a, Object b) {
    return ((Comparable<Object>) a).compareTo(b);
  }

  static Object larger(Object a, Object b) {
    return compare(a, b) >= 0 ? a : b;
  }

  static Object smaller(Object a, Object b) {
    return compare(a, b) <= 0 ? a : b;
  }

  /** True if either claim is. */
  static Object either(Object a, Object b) {
    return (Boolean) a || (Boolean) b;
  }

  /** True if both claims are. */
  static Object both(Object a, Object b) {
    return (Boolean) a && (Boolean) b;
  }

  /** The pair with the larger first value, or the larger second one. */
  static Object later(Object a, Object b) {
    int order = compare(list(a).get(0), list(b).get(0));
    int second = compare(list(a).get(1), list(b).get(1));
    return (order == 0 ? second : order) >= 0 ? a : b;
  }

  static Object worse(Object a, Object b) {
    return Posture.named((String) a).worse(Posture.named((String) b)).name();
  }

  /** A factor that only one of them has stands. */
  static Object smallerEach(Object a, Object b) {
    List<?> shorter = list(a).size() < list(b).size() ? list(a) : list(b);
    List<Object> joined = new ArrayList<>(shorter == list(a) ? list(b) : list(a));
    for (int index = 0; index < shorter.size(); index++) {
      joined.set(index, smaller(joined.get(index), shorter.get(index)));
    }
    return joined;
  }

  /** The first texts of both in their order, as many as a command may carry. */
  static Object union(Object a, Object b) {
    TreeSet<Object> texts = new TreeSet<>(list(a));
    texts.addAll(list(b));
    return texts.stream().limit(MAX_TEXTS).toList();
  }

  static Object latest(Object a, Object b) {
    TreeSet<Object> times = new TreeSet<>(list(a));
    times.addAll(list(b));
    return times.stream().skip(Math.max(0, times.size() - MAX_EPISODES)).toList();
  }

  /** The stronger cut with its note, and the later seq. */
  static Object strongerManual(Object a, Object b) {
    List<?> left = list(a);
    List<?> right = list(b);
    int order = compare(left.get(0), right.get(0));
    boolean isLeft = order != 0 ? order > 0 : compare(left.get(2), right.get(2)) >= 0;
    List<?> stronger = isLeft ? left : right;
    return List.of(stronger.get(0), larger(left.get(1), right.get(1)), stronger.get(2));
  }

  /** By name. */
  static Object sources(Object a, Object b) {
    TreeMap<Object, Object> joined = new TreeMap<>();
    for (Object sources : List.of(a, b)) {
      for (Object source : list(sources)) {
        joined.merge(list(source).get(0), source, Joins::source);
      }
    }
    return List.copyOf(joined.values());
  }

  private static Object source(Object a, Object b) {
    List<?> left = list(a);
    List<?> right = list(b);
    return List.of(
        left.get(0),
        larger(left.get(1), right.get(1)),
        badness(left.get(2)) >= badness(right.get(2)) ? left.get(2) : right.get(2),
        smaller(left.get(3), right.get(3)),
        (Long) left.get(4) | (Long) right.get(4),
        smaller(left.get(5), right.get(5)),
        larger(left.get(6), right.get(6)),
        larger(left.get(7), right.get(7)));
  }

  /** A source that is silent (-1) is worse than one that is calm (0), and better than a shock. */
  private static long badness(Object severity) {
    long ppm = (Long) severity;
    return ppm < 0 ? 1 : 2 * ppm;
  }

  private static List<?> list(Object value) {
    return (List<?>) value;
  }
}
