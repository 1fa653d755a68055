package dolphin.jet.gates.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import dolphin.jet.gates.ApplyLeverage;
import dolphin.jet.gates.ApplyPosture;
import dolphin.jet.gates.Sealed;
import dolphin.jet.gates.msgpack.Reader;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.value.ImmutableMapValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/** The laws of a join, on values that the real rules made of the golden signals. */
class GateJoinTest {

  private static final Path VECTORS = Path.of("..", "tests", "contract", "gate_vectors.jsonl");
  private static final int TRIPLES = 2_000;
  private static final List<String> POSTURES = List.of("APEX", "STALKER", "TURTLE", "HIBERNATE");

  /** Values by map and key as the rules made them; then also foreign and damaged ones. */
  private static final Map<String, List<byte[]>> MADE = new TreeMap<>();

  private static final Map<String, List<byte[]>> VALUES = new TreeMap<>();

  /** Values with something in them that no table knows, by map and key. */
  private static final Map<String, List<byte[]>> FOREIGN = new TreeMap<>();

  @BeforeAll
  static void makeValues() throws IOException {
    String map = "";
    SimpleEntry<String, byte[]> gate = new SimpleEntry<>("", null);
    for (String line : Files.readAllLines(VECTORS)) {
      JsonObject vector = Json.parse(line).asObject();
      if (vector.get("case") != null) {
        map = vector.getString("map", "");
        gate = new SimpleEntry<>(vector.getString("key", ""), null);
      }
      byte[] signal = packed(vector.get("signal"));
      if (map.equals("POSTURE")) {
        new ApplyPosture(signal).process(gate);
      } else {
        new ApplyLeverage(signal).process(gate);
      }
      if (gate.getValue() != null) {
        MADE.computeIfAbsent(map + " " + gate.getKey(), k -> new ArrayList<>())
            .add(gate.getValue());
      }
    }
    MADE.put("LEVERAGE paper", accountValues());
    MADE.forEach(
        (name, made) -> {
          Random random = new Random(5);
          List<byte[]> foreign = new ArrayList<>();
          for (Consumer<Map<Value, Value>> addition : ADDITIONS) {
            foreign.add(with(addition, made.get(random.nextInt(made.size()))));
            foreign.add(with(inRule(addition), made.get(random.nextInt(made.size()))));
          }
          FOREIGN.put(name, foreign);
          byte[] damaged = made.get(0).clone();
          damaged[damaged.length / 2] ^= 1;
          List<byte[]> values = new ArrayList<>(made);
          values.addAll(foreign);
          values.add(damaged);
          values.add("not a gate".getBytes(StandardCharsets.UTF_8));
          VALUES.put(name, values);
        });
  }

  /** What a later version of the program, or nobody, may have put into a map. */
  private static final List<Consumer<Map<Value, Value>>> ADDITIONS =
      List.of(
          fields -> fields.put(name("frozen"), ValueFactory.newBoolean(true)),
          fields -> fields.put(name("frozen"), ValueFactory.newInteger(7)),
          fields -> fields.put(name("quota"), ValueFactory.newFloat(0.5)),
          fields -> fields.put(name("quota"), ValueFactory.newNil()),
          fields -> fields.put(name("limits"), ValueFactory.newMap(name("a"), name("b"))),
          fields -> fields.put(ValueFactory.newBinary(new byte[] {1}), name("a key of bytes")),
          // names that only the other table has, or that another kind of rule has
          fields -> fields.putIfAbsent(name("latched"), name("")),
          fields -> fields.putIfAbsent(name("account"), name("")),
          fields -> fields.putIfAbsent(name("is_broken"), ValueFactory.newInteger(1)),
          fields -> fields.putIfAbsent(name("ceiling"), name("CLOUDS")),
          fields -> fields.putIfAbsent(name("operator_seq"), name("1")),
          fields -> fields.putIfAbsent(name("source_seq"), ValueFactory.newInteger(1)),
          fields -> fields.putIfAbsent(name("episodes_ns"), ValueFactory.newArray(name("1"))),
          fields -> fields.putIfAbsent(name("manual"), ValueFactory.newArray(name("1"))),
          fields -> fields.putIfAbsent(name("sources"), ValueFactory.newArray(name("taker"))));

  private static Consumer<Map<Value, Value>> inRule(Consumer<Map<Value, Value>> addition) {
    return fields -> {
      Map<Value, Value> rule = new LinkedHashMap<>(fields.get(name("rule")).asMapValue().map());
      addition.accept(rule);
      fields.put(name("rule"), ValueFactory.newMap(rule));
    };
  }

  private static byte[] with(Consumer<Map<Value, Value>> addition, byte[] value) {
    Map<Value, Value> fields = new LinkedHashMap<>(read(value));
    addition.accept(fields);
    fields.remove(name("seal")); // the last of all
    fields.put(name("seal"), name(""));
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packValue(ValueFactory.newMap(fields));
      return Sealed.sealed(packer.toByteArray());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What an account holds after decisions that differ in everything. */
  private static List<byte[]> accountValues() throws IOException {
    List<byte[]> values = new ArrayList<>();
    for (int seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      SimpleEntry<String, byte[]> gate = new SimpleEntry<>("paper", null);
      for (int seq = 1; seq <= 3; seq++) {
        JsonObject signal =
            seq == 2
                ? Json.object()
                    .add("kind", "manual")
                    .add("op", random.nextBoolean() ? "cut" : "release")
                    .add("by", "operator " + random.nextInt(3))
                    .add("level", 1 + random.nextInt(4))
                : Json.object()
                    .add("kind", "survival")
                    .add("epoch", random.nextInt(3))
                    .add("posture", POSTURES.get(random.nextInt(4)))
                    .add("cap_ppm", random.nextInt(6_000_001))
                    .add("r_total_ppm", random.nextInt(1_000_001))
                    .add("expires_at_ns", random.nextInt(1_000));
        signal.add("seq", seq + random.nextInt(3)).add("time_ns", random.nextInt(1_000));
        new ApplyLeverage(packed(signal)).process(gate);
      }
      values.add(gate.getValue());
    }
    return values;
  }

  @Test
  void theTablesNameEveryFieldThatTheRulesWrite() {
    Set<String> kinds = new TreeSet<>();
    MADE.forEach(
        (gate, made) -> {
          for (byte[] value : made) {
            assertTrue(isKnown(value), gate);
            kinds.add(rule(read(value)).keySet().toString());
          }
        });
    assertEquals(3, kinds.size(), "an asset's, an account's and a posture's");
  }

  private static boolean isKnown(byte[] value) {
    return GateJoin.isKnown((Map<?, ?>) new Reader(value).value());
  }

  /**
   * Those of the foreign values that are foreign: another kind's field may be of the right type.
   */
  private static void forEachForeign(BiConsumer<byte[], List<byte[]>> check) {
    int[] checked = {0};
    FOREIGN.forEach(
        (gate, foreign) -> {
          for (byte[] one : foreign) {
            if (!isKnown(one)) {
              assertTrue(Sealed.isIntact(one), "foreign, and not damaged");
              check.accept(one, VALUES.get(gate));
              checked[0]++;
            }
          }
        });
    assertTrue(checked[0] >= 20 * FOREIGN.size(), "only " + checked[0]);
  }

  @Test
  void aFieldThatNobodyKnowsClosesTheGateWhicheverCopyHasIt() {
    forEachForeign(
        (foreign, others) -> {
          for (byte[] other : others.subList(Math.max(0, others.size() - 40), others.size())) {
            if (!Arrays.equals(foreign, other)) {
              assertClosed(GateJoin.join(foreign, other));
              assertArrayEquals(GateJoin.join(foreign, other), GateJoin.join(other, foreign));
            }
          }
        });
  }

  @Test
  void aGateThatNobodyElseHasClosesTooIfItHasSuchAField() {
    forEachForeign((foreign, others) -> assertClosed(GateJoin.withoutLease(foreign)));
  }

  @Test
  void aGateOfWhichBothHaveTheSameIsNotTouched() {
    forEachForeign(
        (foreign, others) -> assertArrayEquals(foreign, GateJoin.join(foreign, foreign.clone())));
  }

  /** No reader finds anything granted, and the rule goes on from its most restrictive state. */
  private static void assertClosed(byte[] joined) {
    Map<Value, Value> fields = read(joined);
    assertTrue(Sealed.isIntact(joined));
    assertTrue(isKnown(joined));
    assertEquals(0, number(fields, "cap_ppm"));
    assertEquals(0, number(fields, "r_total_ppm"));
    assertEquals(0, number(fields, "expires_at_ns"));
    assertEquals("HIBERNATE", fields.get(name("posture")).asStringValue().asString());
    assertTrue(isTrue(fields, "passive_only"));
    Map<Value, Value> rule = rule(fields);
    Value level = rule.get(name("level"));
    Value granted = rule.get(name("granted_ppm"));
    assertTrue(level == null || number(rule, "level") == 4);
    assertTrue(granted == null || number(rule, "granted_ppm") == 0);
    if (rule.containsKey(name("r_ppm"))) {
      assertEquals(0, number(rule, "r_ppm"));
      assertTrue(isTrue(rule, "is_started"));
      assertFalse(isTrue(rule, "is_ready"));
      assertEquals("HIBERNATE", rule.get(name("posture")).asStringValue().asString());
    }
    for (Map<Value, Value> map : List.of(fields, rule)) {
      Value reasons = map.get(name("reasons"));
      assertTrue(reasons.toString().contains("has a field that is not known"), reasons.toString());
    }
  }

  @Test
  void aClosedGateOpensStepByStepAsTheRuleHasIt() throws IOException {
    String breaker = MADE.keySet().stream().filter(gate -> gate.contains("/")).findFirst().get();
    SimpleEntry<String, byte[]> asset =
        new SimpleEntry<>(breaker.substring(breaker.indexOf(' ') + 1), closed(breaker));
    long later = 3_000_000_000_000_000_000L;
    new ApplyLeverage(packed(vote("late", later))).process(asset);
    assertEquals(0, number(read(asset.getValue()), "cap_ppm"));

    String posture = MADE.keySet().stream().filter(gate -> gate.startsWith("P")).findFirst().get();
    SimpleEntry<String, byte[]> account =
        new SimpleEntry<>(posture.substring(posture.indexOf(' ') + 1), closed(posture));
    new ApplyPosture(packed(demand(later))).process(account);
    assertEquals(0, number(read(account.getValue()), "cap_ppm"));
    assertEquals(later + 1, number(read(account.getValue()), "expires_at_ns"), "it was accepted");
  }

  private static byte[] closed(String gate) {
    return GateJoin.join(FOREIGN.get(gate).get(0), MADE.get(gate).get(0));
  }

  private static JsonObject vote(String source, long timeNs) {
    return Json.object()
        .add("kind", "vote")
        .add("source", source)
        .add("seq", timeNs)
        .add("time_ns", timeNs)
        .add("severity_ppm", 0)
        .add("is_clear", true)
        .add("expires_at_ns", timeNs + 1);
  }

  private static JsonObject demand(long timeNs) {
    return Json.object()
        .add("kind", "demand")
        .add("epoch", timeNs)
        .add("seq", 1)
        .add("time_ns", timeNs)
        .add("is_ready", true)
        .add("broken", Json.array())
        .add("r_cmd_ppm", 1_000_000)
        .add("expires_at_ns", timeNs + 1);
  }

  /** Receives three values of one gate. */
  private interface Law {
    void check(byte[] a, byte[] b, byte[] c);
  }

  private static void forEachTriple(Law law) {
    Random random = new Random(11);
    for (List<byte[]> values : VALUES.values()) {
      for (int round = 0; round < TRIPLES / VALUES.size(); round++) {
        law.check(
            values.get(random.nextInt(values.size())),
            values.get(random.nextInt(values.size())),
            values.get(values.size() - 1 - random.nextInt(Math.min(values.size(), 20))));
      }
    }
  }

  @Test
  void itDoesNotMatterWhoMergesIntoWhom() {
    forEachTriple((a, b, c) -> assertArrayEquals(GateJoin.join(a, b), GateJoin.join(b, a)));
  }

  @Test
  void itDoesNotMatterInWhichOrderMembersComeBack() {
    forEachTriple(
        (a, b, c) ->
            assertArrayEquals(
                GateJoin.join(GateJoin.join(a, b), c), GateJoin.join(a, GateJoin.join(b, c))));
  }

  @Test
  void mergingAgainChangesNothing() {
    forEachTriple(
        (a, b, c) -> {
          byte[] joined = GateJoin.join(a, b);
          assertArrayEquals(joined, GateJoin.join(joined, a));
          assertArrayEquals(joined, GateJoin.join(b, joined));
          assertArrayEquals(a, GateJoin.join(a, a));
        });
  }

  @Test
  void whatEitherForbidsIsForbidden() {
    forEachTriple(
        (a, b, c) -> {
          byte[] joined = GateJoin.join(a, b);
          for (byte[] one : List.of(a, b)) {
            if (Sealed.isIntact(one)) {
              assertNoLooser(read(joined), read(one));
            }
          }
        });
  }

  private static void assertNoLooser(Map<Value, Value> joined, Map<Value, Value> one) {
    assertTrue(number(joined, "cap_ppm") <= number(one, "cap_ppm"));
    assertTrue(number(joined, "expires_at_ns") <= number(one, "expires_at_ns"));
    assertTrue(number(joined, "version") >= number(one, "version"));
    assertTrue(rank(joined) >= rank(one));
    Map<Value, Value> rule = joined.get(name("rule")).asMapValue().map();
    Map<Value, Value> oneRule = one.get(name("rule")).asMapValue().map();
    if (rule.containsKey(name("level"))) {
      assertTrue(number(rule, "level") >= number(oneRule, "level"));
      assertTrue(number(rule, "hold_until_ns") >= number(oneRule, "hold_until_ns"));
      assertTrue(isTrue(rule, "is_latched") || !isTrue(oneRule, "is_latched"));
    }
    if (rule.containsKey(name("latch"))) {
      boolean isLatched = !rule.get(name("latch")).asStringValue().asString().isEmpty();
      assertTrue(isLatched || oneRule.get(name("latch")).asStringValue().asString().isEmpty());
      assertTrue(number(rule, "r_ppm") <= number(oneRule, "r_ppm"));
    }
    if (rule.containsKey(name("manual"))) {
      assertTrue(manualLevel(rule) >= manualLevel(oneRule));
    }
  }

  @Test
  void theRulesGoOnFromAJoinAndNotFromDamage() {
    forEachTriple(
        (a, b, c) -> {
          boolean isAnyIntact = Sealed.isIntact(a) || Sealed.isIntact(b);
          assertEquals(isAnyIntact, Sealed.isIntact(GateJoin.join(a, b)));
        });
  }

  @Test
  void aDamagedValueEndsTheLeaseOfTheOther() {
    for (List<byte[]> values : VALUES.values()) {
      byte[] damaged = values.get(values.size() - 1);
      byte[] joined = GateJoin.join(values.get(0), damaged);
      assertEquals(0, number(read(joined), "expires_at_ns"));
      assertArrayEquals(GateJoin.withoutLease(values.get(0)), joined);
    }
  }

  private static Map<Value, Value> read(byte[] value) {
    try (var unpacker = MessagePack.newDefaultUnpacker(value)) {
      ImmutableMapValue map = unpacker.unpackValue().asMapValue();
      return map.map();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<Value, Value> rule(Map<Value, Value> fields) {
    return fields.get(name("rule")).asMapValue().map();
  }

  private static Value name(String name) {
    return ValueFactory.newString(name);
  }

  private static long number(Map<Value, Value> fields, String name) {
    return fields.get(name(name)).asIntegerValue().asLong();
  }

  private static boolean isTrue(Map<Value, Value> fields, String name) {
    return fields.get(name(name)).asBooleanValue().getBoolean();
  }

  private static int rank(Map<Value, Value> fields) {
    return POSTURES.indexOf(fields.get(name("posture")).asStringValue().asString());
  }

  private static long manualLevel(Map<Value, Value> rule) {
    return rule.get(name("manual")).asArrayValue().get(0).asIntegerValue().asLong();
  }

  private static byte[] packed(JsonValue json) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packValue(value(json));
      return packer.toByteArray();
    }
  }

  private static Value value(JsonValue json) {
    if (json.isObject()) {
      List<Value> pairs = new ArrayList<>();
      json.asObject()
          .forEach(
              member -> {
                pairs.add(name(member.getName()));
                pairs.add(value(member.getValue()));
              });
      return ValueFactory.newMap(pairs.toArray(Value[]::new));
    }
    if (json.isArray()) {
      return ValueFactory.newArray(
          json.asArray().values().stream().map(GateJoinTest::value).toList());
    }
    if (json.isString()) {
      return ValueFactory.newString(json.asString());
    }
    if (json.isBoolean()) {
      return ValueFactory.newBoolean(json.asBoolean());
    }
    if (json.isNumber() && json.toString().matches("-?\\d+")) {
      return ValueFactory.newInteger(new BigInteger(json.toString()).longValue());
    }
    return json.isNumber() ? ValueFactory.newFloat(json.asDouble()) : ValueFactory.newNil();
  }
}
