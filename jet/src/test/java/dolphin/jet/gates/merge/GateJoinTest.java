package dolphin.jet.gates.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import dolphin.jet.gates.ApplyLeverage;
import dolphin.jet.gates.ApplyPosture;
import dolphin.jet.gates.Sealed;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
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
  private static final int TRIPLES = 600;
  private static final List<String> POSTURES = List.of("APEX", "STALKER", "TURTLE", "HIBERNATE");

  /** Values by map and key, damaged ones among them. */
  private static final Map<String, List<byte[]>> VALUES = new TreeMap<>();

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
        VALUES
            .computeIfAbsent(map + " " + gate.getKey(), k -> new ArrayList<>())
            .add(gate.getValue());
      }
    }
    VALUES.put("LEVERAGE paper", accountValues());
    for (List<byte[]> values : VALUES.values()) {
      byte[] damaged = values.get(0).clone();
      damaged[damaged.length / 2] ^= 1;
      values.add(damaged);
      values.add("not a gate".getBytes(StandardCharsets.UTF_8));
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
  void everyFieldOfAGateIsInTheTable() {
    Set<String> kinds = new TreeSet<>();
    for (Map.Entry<String, List<byte[]>> gate : VALUES.entrySet()) {
      Map<Value, Value> fields = read(gate.getValue().get(0));
      Map<Value, Value> rule = fields.get(name("rule")).asMapValue().map();
      Stream.concat(fields.keySet().stream(), rule.keySet().stream())
          .map(field -> field.asStringValue().asString())
          .forEach(GateJoinTest::assertKnown);
      kinds.add(rule.keySet().toString());
    }
    assertEquals(3, kinds.size(), "an asset's, an account's and a posture's");
  }

  private static void assertKnown(String field) {
    boolean isOfPair = GateJoin.PAIRS.containsKey(field) || GateJoin.PAIRS.containsValue(field);
    assertTrue(isOfPair || GateJoin.FIELDS.containsKey(field), field);
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
