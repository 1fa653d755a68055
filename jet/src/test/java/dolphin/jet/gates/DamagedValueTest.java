package dolphin.jet.gates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dolphin.jet.gates.msgpack.Writer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePack;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/** A stored value that is not what we write refuses every signal and comes back as it is. */
class DamagedValueTest {

  private static final byte[] GARBAGE = "not msgpack".getBytes(StandardCharsets.UTF_8);
  private static final String[][] ENTRIES = {
    {"LEVERAGE", "paper/A"}, {"LEVERAGE", "paper"}, {"POSTURE", "paper"}
  };
  private static final Value NIL = ValueFactory.newNil();

  @Test
  void aVersionThatDoesNotExistIsDamage() throws IOException {
    for (Value version : List.of(number(0), number(-1), NIL, text("1"))) {
      assertDamaged("LEVERAGE", "paper/A", fields -> fields.put(text("version"), version));
    }
  }

  @Test
  void aCommandThatDoesNotFitItsChecksumIsDamage() throws IOException {
    assertDamaged("LEVERAGE", "paper/A", fields -> fields.put(text("cap_ppm"), number(6_000_000)));
    assertDamaged("LEVERAGE", "paper/A", fields -> fields.put(text("checksum"), number(1)));
  }

  @Test
  void aClaimThatIsNeitherTrueNorFalseIsDamage() throws IOException {
    for (Value claim : List.of(NIL, number(1), text("true"))) {
      assertDamaged("LEVERAGE", "paper/A", inRule("is_latched", claim));
      assertDamaged("POSTURE", "paper", inRule("is_ready", claim));
    }
  }

  @Test
  void aRowThatIsTooShortTooLongOrNoListIsDamage() throws IOException {
    Value zero = number(0);
    for (Value row :
        List.of(list(zero, zero), list(zero, zero, text(""), zero), NIL, zero, text("row"))) {
      assertDamaged("LEVERAGE", "paper/A", inRule("manual", row));
      assertDamaged("LEVERAGE", "paper", inRule("manual", row));
      assertDamaged("LEVERAGE", "paper/A", inRule("sources", list(row)));
    }
    assertDamaged("LEVERAGE", "paper/A", inRule("sources", number(1)));
  }

  @Test
  void everySingleFlippedBitIsDamage() {
    for (String[] entry : ENTRIES) {
      byte[] value = value(entry[0], entry[1]);
      for (int bit = 0; bit < 8 * value.length; bit++) {
        byte[] damaged = value.clone();
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        assertEquals(
            "stored state unreadable", refusal(apply(entry[0], entry[1], damaged, 2)), entry[1]);
        assertSame(damaged, Restored.of(entry[0], entry[1], damaged));
      }
    }
  }

  @Test
  void aValueWithoutASealOrOfAnotherSchemaIsDamage() throws IOException {
    for (String[] entry : ENTRIES) {
      assertDamaged(entry[0], entry[1], fields -> fields.put(text("schema"), number(1)));
      assertDamaged(entry[0], entry[1], fields -> fields.remove(text("schema")));
      Map<Value, Value> fields = map(value(entry[0], entry[1]));
      fields.remove(text("seal"));
      byte[] bare = Packed.bytes(packer -> packer.packValue(ValueFactory.newMap(fields)));
      assertEquals("stored state unreadable", refusal(apply(entry[0], entry[1], bare, 2)));
      assertFalse(Sealed.isIntact(bare), entry[1]);
    }
    assertFalse(Sealed.isIntact(new byte[0]));
  }

  @Test
  void aStateThatNoRuleComesToIsDamageHoweverWellSealed() throws IOException {
    for (Object[] unsound :
        new Object[][] {
          {"POSTURE", "paper", "r_ppm", number(1_000_001)},
          {"POSTURE", "paper", "rise_anchor_ns", number(3)},
          {"POSTURE", "paper", "posture_since_ns", number(3)},
          {"POSTURE", "paper", "f1_ppm", number(1_000_001)},
          {"LEVERAGE", "paper", "granted_ppm", number(1)},
          {"LEVERAGE", "paper/A", "hold_until_ns", number(Ppm.MAX_NS)},
          {"LEVERAGE", "paper/A", "episodes_ns", list(number(3))},
          {"LEVERAGE", "paper/A", "episodes_ns", list(times(9))},
        }) {
      assertDamaged(
          (String) unsound[0],
          (String) unsound[1],
          inRule((String) unsound[2], (Value) unsound[3]));
    }
    Value yes = ValueFactory.newBoolean(true);
    Value no = ValueFactory.newBoolean(false);
    assertDamaged("POSTURE", "paper", inRule("is_started", no).andThen(inRule("is_ready", yes)));
    assertDamaged(
        "POSTURE", "paper", inRule("latch", text("x")).andThen(inRule("r_ppm", number(1))));
    assertDamaged(
        "POSTURE", "paper", inRule("latch", text("x")).andThen(inRule("posture", text("APEX"))));
  }

  @Test
  void aCapAboveWhatTheStateGrantsIsDamageHoweverWellSealed() throws IOException {
    for (String[] entry : ENTRIES) {
      Stored stored = Stored.read(value(entry[0], entry[1]));
      Command command = Command.read(stored);
      assertDamaged(entry[0], entry[1], saying(with(command, 1, command.factorsPpm())));
    }
  }

  /** The command with another cap and other factors. */
  private static Command with(Command command, long capPpm, List<Long> factorsPpm) {
    return new Command(
        command.account(),
        command.asset(),
        command.epoch(),
        command.seq(),
        command.posture(),
        capPpm,
        command.totalPpm(),
        factorsPpm,
        command.isPassiveOnly(),
        command.reasons(),
        command.causeIds(),
        command.issuedAtNs(),
        command.expiresAtNs(),
        command.fromCapPpm());
  }

  private static Consumer<Map<Value, Value>> saying(Command command) {
    byte[] fields = new Writer().map(Command.FIELDS).raw(command.fields()).bytes();
    return value -> value.putAll(map(fields));
  }

  private static Value[] times(int count) {
    return Stream.generate(() -> number(0)).limit(count).toArray(Value[]::new);
  }

  @Test
  void aRuleThatIsMissingIsDamage() throws IOException {
    assertDamaged("LEVERAGE", "paper/A", fields -> fields.put(text("rule"), NIL));
  }

  @Test
  void aPostureWithoutItsFiveFactorsIsDamage() throws IOException {
    byte[] good = value("POSTURE", "paper");
    Stored stored = Stored.read(good);
    Command command = Command.read(stored);
    for (List<Long> factors : List.of(List.<Long>of(), List.of(1L, 2L, 3L, 4L))) {
      assertDamaged("POSTURE", "paper", saying(with(command, command.capPpm(), factors)));
    }
  }

  @Test
  void aSignalThatCannotBeReadIsRefusedAsSuchEvenOverDamage() {
    GateEntry.Applied applied = GateEntry.applyToLeverage("paper", new byte[] {1}, GARBAGE);
    assertNull(applied.value());
    assertEquals("signal unreadable", refusal(applied));
  }

  @Test
  void everyValueThatARuleWroteIsIntactAndNothingElseIs() throws IOException {
    for (String[] entry : ENTRIES) {
      byte[] value = value(entry[0], entry[1]);
      assertTrue(Sealed.isIntact(value), entry[1]);
      Map<Value, Value> fields = map(value);
      fields.put(text("cap_ppm"), number(5));
      assertFalse(Sealed.isIntact(packed(fields)), entry[1]);
    }
    assertFalse(Sealed.isIntact(GARBAGE));
  }

  @Test
  void aSealIsTheChecksumThatTheCommandHasToCarryWhateverItCarries() throws IOException {
    for (String[] entry : ENTRIES) {
      byte[] value = value(entry[0], entry[1]);
      Map<Value, Value> fields = map(value);
      long carried = fields.get(text("checksum")).asIntegerValue().toLong();
      assertEquals(OptionalLong.of(carried), Sealed.checksum(value));
      fields.put(text("checksum"), number(0));
      assertEquals(OptionalLong.of(carried), Sealed.checksum(packed(fields)));
    }
    assertEquals(OptionalLong.empty(), Sealed.checksum(GARBAGE));
  }

  @Test
  void anAnswerThatCannotBeReadCarriesNoCommand() {
    assertNull(GateEntry.command(GARBAGE));
    assertNull(GateEntry.survivalSignal(GARBAGE));
  }

  private static void assertDamaged(String map, String key, Consumer<Map<Value, Value>> damage)
      throws IOException {
    Map<Value, Value> fields = map(value(map, key));
    damage.accept(fields);
    byte[] damaged = packed(fields);
    GateEntry.Applied applied = apply(map, key, damaged, 2);
    assertNull(applied.value());
    assertEquals("stored state unreadable", refusal(applied));
    assertSame(damaged, Restored.of(map, key, damaged));
  }

  /** A good value of that entry. */
  private static byte[] value(String map, String key) {
    return apply(map, key, null, 1).value();
  }

  private static GateEntry.Applied apply(String map, String key, byte[] value, int seq) {
    byte[] signal =
        Packed.bytes(
            packer -> {
              boolean isAsset = key.contains("/");
              packer.packMapHeader(5);
              packer.packString("epoch").packInt(1);
              packer.packString("seq").packInt(seq);
              packer
                  .packString(
                      key.equals("paper") && map.equals("LEVERAGE") ? "issued_at_ns" : "time_ns")
                  .packInt(seq);
              packer.packString("source").packString("taker");
              packer
                  .packString("kind")
                  .packString(map.equals("POSTURE") ? "demand" : isAsset ? "vote" : "survival");
            });
    return map.equals("POSTURE")
        ? GateEntry.applyToPosture(key, value, signal)
        : GateEntry.applyToLeverage(key, value, signal);
  }

  private static Consumer<Map<Value, Value>> inRule(String name, Value value) {
    return fields -> {
      Map<Value, Value> rule = new HashMap<>(fields.get(text("rule")).asMapValue().map());
      rule.put(text(name), value);
      fields.put(text("rule"), ValueFactory.newMap(rule));
    };
  }

  private static Map<Value, Value> map(byte[] bytes) {
    try (var unpacker = MessagePack.newDefaultUnpacker(bytes)) {
      return new HashMap<>(unpacker.unpackValue().asMapValue().map());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The fields under a seal that fits, whatever they say. */
  private static byte[] packed(Map<Value, Value> fields) {
    Map<Value, Value> ordered = new LinkedHashMap<>(fields);
    ordered.remove(text("seal"));
    ordered.put(text("seal"), text(""));
    return Sealed.sealed(Packed.bytes(packer -> packer.packValue(ValueFactory.newMap(ordered))));
  }

  private static String refusal(GateEntry.Applied applied) {
    return Fields.read(applied.answer()).fields().string("refusal");
  }

  private static Value text(String value) {
    return ValueFactory.newString(value);
  }

  private static Value number(long value) {
    return ValueFactory.newInteger(value);
  }

  private static Value list(Value... values) {
    return ValueFactory.newArray(values);
  }
}
