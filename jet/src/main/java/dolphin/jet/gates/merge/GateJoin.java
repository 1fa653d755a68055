package dolphin.jet.gates.merge;

import static dolphin.jet.gates.merge.FieldTable.Part.field;
import static dolphin.jet.gates.merge.FieldTable.Part.pair;
import static dolphin.jet.gates.merge.Joins.CLAIM;
import static dolphin.jet.gates.merge.Joins.MANUAL;
import static dolphin.jet.gates.merge.Joins.NUMBERED;
import static dolphin.jet.gates.merge.Joins.POSTURE;
import static dolphin.jet.gates.merge.Joins.REVISION;
import static dolphin.jet.gates.merge.Joins.SOURCES;
import static dolphin.jet.gates.merge.Joins.TEXT;
import static dolphin.jet.gates.merge.Joins.TEXTS;
import static dolphin.jet.gates.merge.Joins.WHOLE;
import static dolphin.jet.gates.merge.Joins.WHOLES;

import dolphin.jet.gates.Law;
import dolphin.jet.gates.Posture;
import dolphin.jet.gates.Sealed;
import dolphin.jet.gates.msgpack.Reader;
import dolphin.jet.gates.msgpack.Writer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The join of two values of one gate: whatever either forbids is forbidden.
 *
 * <p>The tables say how each field joins; what belongs together (epoch and seq, version and op)
 * joins as a pair, of which the later is taken whole. Each entry of a table is commutative,
 * associative and idempotent, and so is their product.
 *
 * <p>Two things join to more than the fields say. A field that no table names, or whose value does
 * not look as it should, may forbid what nobody here can read: the gate <em>closes</em>. Its lease
 * is over, its cap and R are 0, its cut is the strongest and its posture HIBERNATE, from where the
 * rules recover as after any fall. And a value that is damaged says nothing but that no lease is to
 * be trusted: joined with it, the other stands without its lease.
 */
final class GateJoin {

  private static final String CLOSED = "closed: a copy of this gate has a field that is not known";

  private static final FieldTable RULE =
      new FieldTable(
          // the breaker of an asset
          field("level", WHOLE, Joins::larger).closing((long) Law.WORST_LEVEL),
          field("is_latched", CLAIM, Joins::either),
          field("hold_until_ns", WHOLE, Joins::larger),
          field("episodes_ns", WHOLES, Joins::latest),
          // the governor of an account
          field("is_started", CLAIM, Joins::either)
              .closing(true), // it then has to recover, not to start
          field("is_ready", CLAIM, Joins::both).closing(false),
          field("is_broken", CLAIM, Joins::either),
          field("latch", TEXT, Joins::larger), // "" is none
          field("r_ppm", WHOLE, Joins::smaller).closing(0L),
          field("rise_anchor_ns", WHOLE, Joins::larger),
          field("posture", POSTURE, Joins::worse).closing(Posture.HIBERNATE.name()),
          field("posture_since_ns", WHOLE, Joins::larger),
          field("ceiling", POSTURE, Joins::worse),
          field("f1_ppm", WHOLE, Joins::smaller),
          // the last decision on an account
          field("granted_ppm", WHOLE, Joins::smaller).closing(0L),
          pair("source_epoch", "source_seq", NUMBERED, Joins::later),
          // the operator's word, and why it is as it is
          field("operator_seq", WHOLE, Joins::larger),
          field("note", TEXT, Joins::larger),
          field("manual", MANUAL, Joins::strongerManual),
          field("reasons", TEXTS, Joins::union).closingBy(GateJoin::noted),
          field("sources", SOURCES, Joins::sources));

  private static final FieldTable COMMAND =
      new FieldTable(
          field("account", TEXT, Joins::larger),
          field("asset", TEXT, Joins::larger),
          pair("epoch", "seq", NUMBERED, Joins::later),
          field("posture", POSTURE, Joins::worse).closing(Posture.HIBERNATE.name()),
          field("cap_ppm", WHOLE, Joins::smaller).closing(0L),
          field("r_total_ppm", WHOLE, Joins::smaller).closing(0L),
          field("factors_ppm", WHOLES, Joins::smallerEach),
          field("passive_only", CLAIM, Joins::either).closing(true),
          field("reasons", TEXTS, Joins::union).closingBy(GateJoin::noted),
          field("cause_ids", TEXTS, Joins::union),
          field("issued_at_ns", WHOLE, Joins::larger),
          field("expires_at_ns", WHOLE, Joins::smaller).closing(0L),
          field("from_cap_ppm", WHOLE, Joins::smaller),
          field("checksum", WHOLE, (a, b) -> 0L), // set when all is joined
          field("rule", Map.class::isInstance, (a, b) -> RULE.join(map(a), map(b)))
              .closingBy(rule -> RULE.closed(map(rule))),
          pair("version", "op", REVISION, Joins::later),
          field("schema", WHOLE, Joins::smaller),
          field("seal", TEXT, (a, b) -> "")); // set when all is joined

  private GateJoin() {}

  /** The join of two msgpack values of the same key. */
  static byte[] join(byte[] a, byte[] b) {
    if (Arrays.equals(a, b)) {
      return a;
    }
    boolean isIntactA = Sealed.isIntact(a);
    boolean isIntactB = Sealed.isIntact(b);
    if (isIntactA && isIntactB) {
      return sealed(joined(read(a), read(b)));
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
    Map<?, ?> fields = read(value);
    Map<String, Object> alone = joined(fields, fields); // its lists in order
    alone.put("expires_at_ns", 0L);
    return sealed(alone);
  }

  private static Map<String, Object> joined(Map<?, ?> a, Map<?, ?> b) {
    Map<String, Object> joined = COMMAND.join(a, b);
    return isKnown(a) && isKnown(b) ? joined : COMMAND.closed(joined);
  }

  /** Whether the tables say how everything in the value of a gate joins. */
  static boolean isKnown(Map<?, ?> value) {
    return COMMAND.knows(value) && RULE.knows(map(value.get("rule")));
  }

  private static Object noted(Object reasons) {
    return Joins.union(reasons, List.of(CLOSED));
  }

  private static Map<?, ?> map(Object value) {
    return (Map<?, ?>) value;
  }

  private static byte[] sealed(Map<String, Object> fields) {
    fields.put("checksum", Sealed.checksum(packed(fields)).orElseThrow());
    fields.put("seal", "");
    return Sealed.sealed(packed(fields));
  }

  /** The fields of an intact value. */
  private static Map<?, ?> read(byte[] value) {
    return map(new Reader(value).value());
  }

  private static byte[] packed(Map<String, Object> fields) {
    Writer writer = new Writer();
    write(writer, fields);
    return writer.bytes();
  }

  private static void write(Writer writer, Object value) {
    if (value instanceof Map<?, ?> fields) {
      writer.map(fields.size());
      fields.forEach(
          (name, each) -> {
            writer.text((String) name);
            write(writer, each);
          });
    } else if (value instanceof List<?> elements) {
      writer.list(elements.size());
      elements.forEach(each -> write(writer, each));
    } else if (value instanceof Long number) {
      writer.whole(number);
    } else if (value instanceof Boolean claim) {
      writer.claim(claim);
    } else {
      writer.text((String) value);
    }
  }
}
