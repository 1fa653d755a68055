package dolphin.jet.gates.msgpack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Messages are the bytes that the MessagePack library makes of them, at every length. */
class WriterTest {

  private static final List<Integer> LENGTHS =
      List.of(0, 1, 15, 16, 31, 32, 255, 256, 511, 512, 65535, 65536);

  @Test
  void aNumberTakesTheShortestForm() {
    for (int bits = 0; bits < Long.SIZE; bits++) {
      for (long step = -1; step <= 1; step++) {
        long number = (1L << bits) + step;
        assertSameBytes(new Writer().whole(number), packer -> packer.packLong(number));
        assertSameBytes(new Writer().whole(-number), packer -> packer.packLong(-number));
      }
    }
    assertSameBytes(new Writer().whole(-32), packer -> packer.packLong(-32));
    assertSameBytes(new Writer().whole(-33), packer -> packer.packLong(-33));
  }

  @Test
  void textsListsAndMapsTakeTheShortestHeader() {
    for (int length : LENGTHS) {
      String text = "x".repeat(length);
      assertSameBytes(new Writer().text(text), packer -> packer.packString(text));
      assertSameBytes(new Writer().map(length), packer -> packer.packMapHeader(length));
      assertSameBytes(new Writer().list(length), packer -> packer.packArrayHeader(length));
    }
    String text = "\u00fc\u20ac\ud83d\udc2c".repeat(4); // 36 bytes in 16 units
    assertSameBytes(new Writer().text(text), packer -> packer.packString(text));
  }

  @Test
  void claimsAndNothingAreOneByte() {
    assertSameBytes(new Writer().claim(true), packer -> packer.packBoolean(true));
    assertSameBytes(new Writer().claim(false), packer -> packer.packBoolean(false));
    assertSameBytes(new Writer().nil(), packer -> packer.packNil());
  }

  @Test
  void partsFollowOneAnotherWhereverTheRoomEnds() {
    for (int length = 480; length < 540; length++) {
      byte[] part = new Writer().text("x".repeat(length)).bytes();
      byte[] whole = new Writer().map(1).raw(part).whole(-1_000_000).bytes();
      Reader reader = new Reader(whole);
      assertEquals(1, reader.mapHeader());
      assertEquals("x".repeat(length), reader.text());
      assertEquals(-1_000_000, reader.whole());
    }
  }

  @Test
  void elementsAreWrittenAfterTheirNumber() {
    assertSameBytes(
        new Writer().texts(List.of("a", "b")),
        packer -> packer.packArrayHeader(2).packString("a").packString("b"));
    assertSameBytes(
        new Writer().wholes(List.of(1L, -1L)),
        packer -> packer.packArrayHeader(2).packLong(1).packLong(-1));
    List<Long> many = Collections.nCopies(300, Long.MAX_VALUE);
    assertEquals(many, new Reader(new Writer().wholes(many).bytes()).value());
  }

  /** Writes one message with the library. */
  private interface Part {
    void pack(MessageBufferPacker packer) throws IOException;
  }

  private static void assertSameBytes(Writer ours, Part part) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      part.pack(packer);
      assertArrayEquals(packer.toByteArray(), ours.bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
