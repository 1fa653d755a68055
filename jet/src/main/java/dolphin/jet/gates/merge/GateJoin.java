package dolphin.jet.gates.merge;

import static java.util.Map.entry;

import dolphin.jet.gates.Sealed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ArrayValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/**
 * The join of two values of one gate: whatever either forbids is forbidden.
 *
 * <p>The table says how each field joins; what belongs together (epoch and seq, version and op)
 * joins as a pair, of which the later is taken whole. Each entry of the table is commutative,
 * associative and idempotent, and so is their product. A value that is damaged says nothing but
 * that no lease is to be trusted: joined with it, the other stands without its lease.
 */
final class GateJoin {

  private static final int MAX_TEXTS = 32;
  private static final int MAX_EPISODES = 8;
  private static final List<String> POSTURES = List.of("APEX", "STALKER", "TURTLE", "HIBERNATE");
  private static final Value FALSE = ValueFactory.newBoolean(false);
  private static final Value ZERO = ValueFactory.newInteger(0);

  /** The first field of a pair, and the second, which goes with it. */
  static final Map<String, String> PAIRS =
      Map.of("epoch", "seq", "source_epoch", "source_seq", "version", "op");

  static final Map<String, BinaryOperator<Value>> FIELDS =
      Map.ofEntries(
          // the command
          entry("account", GateJoin::larger),
          entry("asset", GateJoin::larger),
          entry("posture", GateJoin::worse),
          entry("cap_ppm", GateJoin::smaller),
          entry("r_total_ppm", GateJoin::smaller),
          entry("factors_ppm", GateJoin::smallerEach),
          entry("passive_only", GateJoin::either),
          entry("reasons", GateJoin::union),
          entry("cause_ids", GateJoin::union),
          entry("issued_at_ns", GateJoin::larger),
          entry("expires_at_ns", GateJoin::smaller),
          entry("from_cap_ppm", GateJoin::smaller),
          entry("checksum", (a, b) -> ZERO), // set when all is joined
          entry("rule", GateJoin::joinMaps),
          // the breaker of an asset
          entry("level", GateJoin::larger),
          entry("is_latched", GateJoin::either),
          entry("hold_until_ns", GateJoin::larger),
          entry("episodes_ns", GateJoin::latest),
          entry("manual", GateJoin::strongerManual),
          entry("sources", GateJoin::sources),
          // the last decision on an account
          entry("granted_ppm", GateJoin::smaller),
          // the governor of an account
          entry("is_started", GateJoin::either), // it then has to recover, not to start
          entry("is_ready", GateJoin::both),
          entry("is_broken", GateJoin::either),
          entry("latch", GateJoin::larger), // "" is none
          entry("r_ppm", GateJoin::smaller),
          entry("rise_anchor_ns", GateJoin::larger),
          entry("posture_since_ns", GateJoin::larger),
          entry("ceiling", GateJoin::worse),
          entry("f1_ppm", GateJoin::smaller),
          entry("operator_seq", GateJoin::larger),
          entry("note", GateJoin::larger));

  private GateJoin() {}

  /** The join of two msgpack values of the same key. */
  static byte[] join(byte[] a, byte[] b) {
    if (Arrays.equals(a, b)) {
      return a;
    }
    boolean isIntactA = Sealed.isIntact(a);
    boolean isIntactB = Sealed.isIntact(b);
    if (isIntactA && isIntactB) {
      return sealed(joinMaps(read(a), read(b)));
    }
    if (isIntactA || isIntactB) {
      return withoutLease(isIntactA ? a : b);
    }
    return Arrays.compareUnsigned(a, b) > 0 ? a : b;
  }

  /** The value with its lease over; damaged bytes stay what they are. */
  static byte[] withoutLease(byte[] value) {
    if (!Sealed.isIntact(value)) {
      return value;
    }
    Map<String, Value> fields = fields(joinMaps(read(value), read(value))); // its lists in order
    fields.put("expires_at_ns", ZERO);
    return sealed(map(fields));
  }

  private static Value joinMaps(Value a, Value b) {
    Map<String, Value> left = fields(a);
    Map<String, Value> right = fields(b);
    Map<String, Value> joined = new LinkedHashMap<>(left);
    right.forEach((name, value) -> joined.merge(name, value, join(name)));
    PAIRS.forEach(
        (first, second) -> {
          if (left.containsKey(first) && right.containsKey(first)) {
            boolean isLeft = isLater(left, right, first, second);
            joined.put(first, (isLeft ? left : right).get(first));
            joined.put(second, (isLeft ? left : right).get(second));
          }
        });
    return map(joined);
  }

  private static BinaryOperator<Value> join(String name) {
    if (PAIRS.containsKey(name) || PAIRS.containsValue(name)) {
      return (a, b) -> a; // joined as a pair afterwards
    }
    return FIELDS.getOrDefault(name, GateJoin::larger);
  }

  private static boolean isLater(
      Map<String, Value> a, Map<String, Value> b, String first, String second) {
    int order = compare(a.get(first), b.get(first));
    return order != 0 ? order > 0 : compare(a.get(second), b.get(second)) >= 0;
  }

  /** By size for numbers, by code unit for texts, which no two fields of one name mix. */
  private static int compare(Value a, Value b) {
    return a.isIntegerValue() && b.isIntegerValue()
        ? Long.compare(a.asIntegerValue().asLong(), b.asIntegerValue().asLong())
        : a.toString().compareTo(b.toString());
  }

  private static Value larger(Value a, Value b) {
    return compare(a, b) >= 0 ? a : b;
  }

  private static Value smaller(Value a, Value b) {
    return compare(a, b) <= 0 ? a : b;
  }

  private static Value worse(Value a, Value b) {
    return rank(a) >= rank(b) ? a : b;
  }

  private static int rank(Value posture) {
    return POSTURES.indexOf(posture.asStringValue().asString());
  }

  private static Value either(Value a, Value b) {
    return a.equals(FALSE) ? b : a;
  }

  private static Value both(Value a, Value b) {
    return a.equals(FALSE) ? a : b;
  }

  /** A factor that only one of them has stands. */
  private static Value smallerEach(Value a, Value b) {
    List<Value> joined = new ArrayList<>();
    List<Value> left = a.asArrayValue().list();
    List<Value> right = b.asArrayValue().list();
    for (int index = 0; index < Math.max(left.size(), right.size()); index++) {
      joined.add(
          index >= left.size()
              ? right.get(index)
              : index >= right.size()
                  ? left.get(index)
                  : smaller(left.get(index), right.get(index)));
    }
    return ValueFactory.newArray(joined);
  }

  /** The first texts of both in their order, as many as a command may carry. */
  private static Value union(Value a, Value b) {
    TreeSet<String> texts = new TreeSet<>();
    a.asArrayValue().forEach(text -> texts.add(text.asStringValue().asString()));
    b.asArrayValue().forEach(text -> texts.add(text.asStringValue().asString()));
    return ValueFactory.newArray(
        texts.stream().limit(MAX_TEXTS).map(ValueFactory::newString).toList());
  }

  private static Value latest(Value a, Value b) {
    TreeSet<Long> times = new TreeSet<>();
    a.asArrayValue().forEach(time -> times.add(time.asIntegerValue().asLong()));
    b.asArrayValue().forEach(time -> times.add(time.asIntegerValue().asLong()));
    return ValueFactory.newArray(
        times.stream()
            .skip(Math.max(0, times.size() - MAX_EPISODES))
            .map(ValueFactory::newInteger)
            .toList());
  }

  /** {@code [level, seq, note]}: the stronger cut with its note, and the later seq. */
  private static Value strongerManual(Value a, Value b) {
    ArrayValue left = a.asArrayValue();
    ArrayValue right = b.asArrayValue();
    int order = compare(left.get(0), right.get(0));
    boolean isLeft = order != 0 ? order > 0 : compare(left.get(2), right.get(2)) >= 0;
    ArrayValue stronger = isLeft ? left : right;
    return ValueFactory.newArray(
        stronger.get(0), larger(left.get(1), right.get(1)), stronger.get(2));
  }

  /** By name; {@code [name, seq, severity, clears, unclear, expires, reason, cause]}. */
  private static Value sources(Value a, Value b) {
    TreeMap<String, Value> joined = new TreeMap<>();
    for (Value sources : List.of(a, b)) {
      for (Value source : sources.asArrayValue()) {
        String name = source.asArrayValue().get(0).asStringValue().asString();
        joined.merge(name, source, GateJoin::source);
      }
    }
    return ValueFactory.newArray(new ArrayList<>(joined.values()));
  }

  private static Value source(Value a, Value b) {
    ArrayValue left = a.asArrayValue();
    ArrayValue right = b.asArrayValue();
    long unclear = left.get(4).asIntegerValue().asLong() | right.get(4).asIntegerValue().asLong();
    return ValueFactory.newArray(
        left.get(0),
        larger(left.get(1), right.get(1)),
        worseSeverity(left.get(2), right.get(2)),
        smaller(left.get(3), right.get(3)),
        ValueFactory.newInteger(unclear),
        smaller(left.get(5), right.get(5)),
        larger(left.get(6), right.get(6)),
        larger(left.get(7), right.get(7)));
  }

  /** A source that is silent (-1) is worse than one that is calm (0), and better than a shock. */
  private static Value worseSeverity(Value a, Value b) {
    return badness(a) >= badness(b) ? a : b;
  }

  private static long badness(Value severity) {
    long ppm = severity.asIntegerValue().asLong();
    return ppm < 0 ? 1 : 2 * ppm;
  }

  private static Map<String, Value> fields(Value map) {
    Map<String, Value> fields = new LinkedHashMap<>();
    Value[] pairs = map.asMapValue().getKeyValueArray();
    for (int index = 0; index < pairs.length; index += 2) {
      fields.put(pairs[index].asStringValue().asString(), pairs[index + 1]);
    }
    return fields;
  }

  private static Value map(Map<String, Value> fields) {
    List<Value> pairs = new ArrayList<>();
    fields.forEach(
        (name, value) -> {
          pairs.add(ValueFactory.newString(name));
          pairs.add(value);
        });
    return ValueFactory.newMap(pairs.toArray(Value[]::new));
  }

  private static byte[] sealed(Value value) {
    Map<String, Value> fields = fields(value);
    long checksum = Sealed.checksum(packed(value)).orElseThrow();
    fields.put("checksum", ValueFactory.newInteger(checksum));
    return packed(map(fields));
  }

  private static Value read(byte[] value) {
    try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(value)) {
      return unpacker.unpackValue();
    } catch (IOException e) {
      throw new UncheckedIOException("bytes in memory that were read before", e);
    }
  }

  private static byte[] packed(Value value) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packValue(value);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer in memory cannot fail", e);
    }
  }
}
