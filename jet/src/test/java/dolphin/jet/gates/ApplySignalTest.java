package dolphin.jet.gates;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.internal.serialization.InternalSerializationService;
import com.hazelcast.internal.serialization.impl.DefaultSerializationServiceBuilder;
import com.hazelcast.map.EntryProcessor;
import dolphin.jet.wire.PayloadProcessor;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap.SimpleEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The shell that Hazelcast calls, without Hazelcast: what it stores, answers and backs up. */
class ApplySignalTest {

  private static final byte[] GARBAGE = "not msgpack".getBytes(StandardCharsets.UTF_8);
  private static final List<PayloadProcessor> KINDS =
      List.of(new LeverageSignals(), new PostureSignals());

  @Test
  void whatItStoresIsWhatTheBackupGetsWhateverTheBackupHeld() {
    for (PayloadProcessor kind : KINDS) {
      Map.Entry<String, byte[]> owner = new SimpleEntry<>("paper", null);
      EntryProcessor<String, byte[], byte[]> applied = sent(kind.create(signal(kind, 1)));
      byte[] answer = applied.process(owner);
      assertTrue(Fields.read(answer).fields().isTrue("accepted"));
      assertNotNull(owner.getValue());

      Map.Entry<String, byte[]> backup = new SimpleEntry<>("paper", new byte[] {1, 2, 3});
      EntryProcessor<String, byte[], byte[]> set = sent(applied.getBackupProcessor());
      assertNull(set.process(backup));
      assertArrayEquals(owner.getValue(), backup.getValue());
      assertNull(set.getBackupProcessor());
    }
  }

  @Test
  void eachKindAppliesTheRuleOfItsOwnMap() {
    for (PayloadProcessor kind : KINDS) {
      PayloadProcessor other = KINDS.get(1 - KINDS.indexOf(kind));
      Map.Entry<String, byte[]> entry = new SimpleEntry<>("paper", null);
      byte[] answer = kind.create(signal(other, 1)).process(entry);
      assertNull(entry.getValue());
      assertTrue(Fields.read(answer).fields().string("refusal").startsWith("this key takes"));
    }
  }

  @Test
  void aRefusedSignalChangesNeitherOwnerNorBackup() {
    for (PayloadProcessor kind : KINDS) {
      Map.Entry<String, byte[]> entry = new SimpleEntry<>("paper", null);
      kind.create(signal(kind, 1)).process(entry);
      byte[] before = entry.getValue();
      EntryProcessor<String, byte[], byte[]> refused = kind.create(GARBAGE);
      byte[] answer = refused.process(entry);
      assertEquals("signal unreadable", Fields.read(answer).fields().string("refusal"));
      assertArrayEquals(before, entry.getValue());
      assertNull(refused.getBackupProcessor());
      assertNull(kind.publishable(answer));
    }
  }

  @Test
  void oneSignalIsForOneEntryAndMayComeTwice() {
    for (PayloadProcessor kind : KINDS) {
      EntryProcessor<String, byte[], byte[]> applied = kind.create(signal(kind, 1));
      applied.process(new SimpleEntry<>("paper", null));
      Map.Entry<String, byte[]> other = new SimpleEntry<>("live", null);
      byte[] answer = applied.process(other);
      assertNull(other.getValue());
      assertFalse(Fields.read(answer).fields().isTrue("accepted"));
      assertEquals("one signal is for one entry", Fields.read(answer).fields().string("refusal"));
      byte[] again = applied.process(new SimpleEntry<>("paper", null));
      assertTrue(Fields.read(again).fields().isTrue("accepted"));
    }
  }

  @Test
  void aBackupOfAnotherKeyIsLeftAlone() {
    Map.Entry<String, byte[]> other = new SimpleEntry<>("live", new byte[] {7});
    assertNull(new SetEntry("paper", new byte[] {1}).process(other));
    assertArrayEquals(new byte[] {7}, other.getValue());
  }

  @Test
  void whatThePostureGrantsFlowsOnAsASignalForTheAccountsEntry() {
    PayloadProcessor kind = new PostureSignals();
    byte[] answer = kind.create(signal(kind, 1)).process(new SimpleEntry<>("paper", null));
    byte[] onward = kind.publishable(answer);
    Fields fields = Fields.read(onward).fields();
    assertEquals("survival", fields.text("kind"));
    assertEquals("APEX", fields.string("posture"));
    Map.Entry<String, byte[]> account = new SimpleEntry<>("paper", null);
    byte[] applied = new LeverageSignals().create(onward).process(account);
    Fields command = Fields.read(applied).fields().map("command");
    assertEquals(6_000_000, command.whole("cap_ppm", 0, Long.MAX_VALUE).orElse(-1));
  }

  @Test
  void whatTheLeverageEntryDecidesFlowsOnAsTheCommandItself() {
    PayloadProcessor kind = new LeverageSignals();
    byte[] answer = kind.create(signal(kind, 1)).process(new SimpleEntry<>("paper", null));
    Fields command = Fields.read(kind.publishable(answer)).fields();
    assertEquals("paper", command.string("account"));
    assertEquals(1_000_000, command.whole("cap_ppm", 0, Long.MAX_VALUE).orElse(-1));
  }

  @Test
  void everyKindHasItsOwnIdOnTheWire() {
    assertInstanceOf(ApplyLeverage.class, sent(new ApplyLeverage(GARBAGE)));
    assertInstanceOf(ApplyPosture.class, sent(new ApplyPosture(GARBAGE)));
    assertEquals(GateSerializers.FACTORY_ID, new ApplyLeverage(GARBAGE).getFactoryId());
    assertEquals(GateSerializers.FACTORY_ID, new SetEntry("a", GARBAGE).getFactoryId());
  }

  /** The processor after it went from one member to another. */
  @SuppressWarnings("unchecked")
  private static EntryProcessor<String, byte[], byte[]> sent(
      EntryProcessor<String, byte[], byte[]> processor) {
    InternalSerializationService service =
        new DefaultSerializationServiceBuilder()
            .addDataSerializableFactory(GateSerializers.FACTORY_ID, new GateSerializers())
            .build();
    Object received = service.toObject(service.toData(processor));
    return (EntryProcessor<String, byte[], byte[]>) received;
  }

  /** A signal that {@code kind} takes. */
  private static byte[] signal(PayloadProcessor kind, long seq) {
    boolean isPosture = kind instanceof PostureSignals;
    return Packed.bytes(
        packer -> {
          packer.packMapHeader(isPosture ? 8 : 6);
          packer.packString("kind").packString(isPosture ? "demand" : "survival");
          packer.packString("epoch").packLong(1);
          packer.packString("seq").packLong(seq);
          packer.packString(isPosture ? "time_ns" : "issued_at_ns").packLong(5);
          if (isPosture) {
            packer.packString("is_ready").packBoolean(true);
            packer.packString("broken").packArrayHeader(0);
            packer.packString("r_cmd_ppm").packLong(1_000_000);
            packer.packString("expires_at_ns").packLong(9);
          } else {
            packer.packString("posture").packString("STALKER");
            packer.packString("cap_ppm").packLong(1_000_000);
          }
        });
  }
}
