package dolphin.jet.gates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;

/** Maps from anywhere: what is taken as what, and what is no map at all. */
class FieldsTest {

  @Test
  void aMapIsReadWithoutAComplaint() {
    Fields.Reading reading = Fields.read(Packed.bytes(packer -> packer.packMapHeader(0)));
    assertNotNull(reading.fields());
    assertEquals("", reading.refusal());
  }

  @Test
  void nothingAndWhatFollowsAMapAreUnreadable() {
    assertUnreadable(null);
    assertUnreadable(new byte[0]);
    assertUnreadable(Packed.bytes(packer -> packer.packMapHeader(0).packNil()));
    assertUnreadable(Packed.bytes(packer -> packer.packMapHeader(1).packString("cut off")));
  }

  @Test
  void whatIsNoMapIsCalledSo() {
    Fields.Reading reading = Fields.read(Packed.bytes(packer -> packer.packInt(3)));
    assertNull(reading.fields());
    assertEquals("signal is not a map", reading.refusal());
  }

  @Test
  void keysAreTextOrBytes() {
    assertNotNull(
        Fields.read(
                Packed.bytes(
                    packer -> {
                      packer.packMapHeader(2);
                      packer.packString("a").packInt(1);
                      packer.packBinaryHeader(1).writePayload(new byte[] {7}).packInt(2);
                    }))
            .fields());
    assertUnreadable(Packed.bytes(packer -> packer.packMapHeader(1).packInt(1).packInt(2)));
    assertUnreadable(Packed.bytes(packer -> packer.packMapHeader(1).packNil().packInt(2)));
  }

  @Test
  void wholeNumbersOfAnyEncodingAreTakenUpToSixtyThreeBits() {
    assertEquals(Long.MAX_VALUE, wholeOf(BigInteger.valueOf(Long.MAX_VALUE)));
    assertEquals(-1, wholeOf(BigInteger.ONE.shiftLeft(63)));
    assertEquals(-1, wholeOf(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE)));
    assertEquals(5, wholeOf(BigInteger.valueOf(5)));
    byte[] small = {(byte) 0x81, (byte) 0xa1, 'n', (byte) 0xcf, 0, 0, 0, 0, 0, 0, 0, 5};
    assertEquals(5, Fields.read(small).fields().whole("n", 0, Long.MAX_VALUE).orElse(-1));
  }

  @Test
  void whatLiesTooDeepIsUnreadableAndWhatLiesJustNotIsNot() {
    assertNotNull(Fields.read(nested(256, false)).fields());
    assertUnreadable(nested(257, false));
    assertNotNull(Fields.read(nested(256, true)).fields());
    assertUnreadable(nested(257, true));
  }

  @Test
  void eachAccessorGivesWhatWasAskedForOrSaysThatItIsNot() {
    Fields fields =
        Fields.read(
                Packed.bytes(
                    packer -> {
                      packer.packMapHeader(4);
                      packer.packString("long").packString("x".repeat(257));
                      packer.packString("yes").packBoolean(true);
                      packer.packString("list").packArrayHeader(1).packInt(1);
                      packer.packString("float").packDouble(1.0);
                    }))
            .fields();
    assertEquals("", fields.text("long"));
    assertEquals(257, fields.string("long").length());
    assertTrue(fields.isTrue("yes"));
    assertEquals(List.of(1L), fields.list("list"));
    assertNull(fields.list("yes"));
    assertNull(fields.map("list"));
    assertTrue(fields.whole("float", 0, 9).isEmpty());
    assertTrue(fields.has("float"));
  }

  private static long wholeOf(BigInteger number) {
    byte[] bytes =
        Packed.bytes(packer -> packer.packMapHeader(1).packString("n").packBigInteger(number));
    return Fields.read(bytes).fields().whole("n", 0, Long.MAX_VALUE).orElse(-1);
  }

  /** A map whose innermost value lies {@code depth} below it, in arrays or in maps. */
  private static byte[] nested(int depth, boolean inMaps) {
    return Packed.bytes(
        packer -> {
          packer.packMapHeader(1).packString("a");
          for (int level = 1; level < depth; level++) {
            open(packer, inMaps);
          }
          packer.packInt(1);
        });
  }

  private static void open(MessageBufferPacker packer, boolean inMaps) throws java.io.IOException {
    if (inMaps) {
      packer.packMapHeader(1).packString("a");
    } else {
      packer.packArrayHeader(1);
    }
  }

  private static void assertUnreadable(byte[] bytes) {
    Fields.Reading reading = Fields.read(bytes);
    assertNull(reading.fields());
    assertEquals("signal unreadable", reading.refusal());
  }
}
