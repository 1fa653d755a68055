package dolphin.jet.gates.msgpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePack;

/** Bytes from anywhere: what each type is read as, where it ends, and what is refused. */
class ReaderTest {

  /** Every type that holds no other value, in hexadecimal, and what it is read as. */
  private static final Object[][] SCALARS = {
    {"00", 0L},
    {"7f", 127L},
    {"e0", -32L},
    {"ff", -1L},
    {"cc80", 128L},
    {"ccff", 255L},
    {"cdfffe", 65534L},
    {"cefffffffe", 4294967294L},
    {"cf0000000000000000", 0L},
    {"cf7fffffffffffffff", Long.MAX_VALUE},
    {"cf8000000000000000", Reader.OTHER},
    {"d080", -128L},
    {"d18000", -32768L},
    {"d180ff", -32513L},
    {"d280000000", -2147483648L},
    {"d38000000000000000", Long.MIN_VALUE},
    {"c0", null},
    {"c2", false},
    {"c3", true},
    {"a0", ""},
    {"a3616263", "abc"},
    {"a2c3bc", "\u00fc"},
    {"d903616263", "abc"},
    {"da0003616263", "abc"},
    {"db00000003616263", "abc"},
    {"bf" + "78".repeat(31), "x".repeat(31)},
    {"c40107", Reader.OTHER},
    {"c5000107", Reader.OTHER},
    {"c60000000107", Reader.OTHER},
    {"ca00000000", Reader.OTHER},
    {"cb0000000000000000", Reader.OTHER},
    {"c7020111ff", Reader.OTHER},
    {"c800020111ff", Reader.OTHER},
    {"c9000000020111ff", Reader.OTHER},
    {"d40107", Reader.OTHER},
    {"d5010707", Reader.OTHER},
    {"d60107070707", Reader.OTHER},
    {"d7010707070707070707", Reader.OTHER},
    {"d801" + "07".repeat(16), Reader.OTHER},
  };

  /** Every type that holds others, holding two or one. */
  private static final Object[][] COLLECTIONS = {
    {"920102", List.of(1L, 2L)},
    {"dc00020102", List.of(1L, 2L)},
    {"dd000000020102", List.of(1L, 2L)},
    {"9f" + "01".repeat(15), Collections.nCopies(15, 1L)},
    {"82a16101a16202", Map.of("a", 1L, "b", 2L)},
    {"de0002a16101a16202", Map.of("a", 1L, "b", 2L)},
    {"df00000002a16101a16202", Map.of("a", 1L, "b", 2L)},
    {"82a16101d9016102", Map.of("a", 2L)},
    {"81c4010705", Map.of(Reader.OTHER, 5L)},
    {"81c500010705", Map.of(Reader.OTHER, 5L)},
    {"81c6000000010705", Map.of(Reader.OTHER, 5L)},
    {"81da00016105", Map.of("a", 5L)},
    {"81db000000016105", Map.of("a", 5L)},
    {"9290" + "91a161", List.of(List.of(), List.of("a"))},
  };

  @Test
  void everyTypeIsReadToItsEndAndNotBeyond() {
    for (Object[][] table : List.of(SCALARS, COLLECTIONS)) {
      for (Object[] row : table) {
        Reader reader = new Reader(bytes(row[0] + "2a"));
        assertEquals(row[1], reader.value(), row[0].toString());
        assertEquals(42, reader.whole(), row[0].toString());
        assertFalse(reader.hasNext());
        Reader skipping = new Reader(bytes(row[0] + "2a"));
        skipping.skip();
        assertEquals(42, skipping.whole(), row[0].toString());
      }
    }
  }

  @Test
  void whatEndsTooEarlyIsMalformedWhereverItEnds() {
    for (Object[][] table : List.of(SCALARS, COLLECTIONS)) {
      for (Object[] row : table) {
        byte[] whole = bytes(row[0].toString());
        for (int size = 0; size < whole.length; size++) {
          byte[] cut = Arrays.copyOf(whole, size);
          assertThrows(MalformedException.class, () -> new Reader(cut).value(), row[0].toString());
          assertThrows(MalformedException.class, () -> new Reader(cut).skip(), row[0].toString());
        }
      }
    }
  }

  @Test
  void aLengthBeyondTheEndIsMalformedHoweverLargeItIs() {
    for (String claim :
        List.of(
            "dbffffffff", "ddffffffff", "dfffffffff", "c6ffffffff", "c9ffffffff", "db7fffffff")) {
      assertThrows(MalformedException.class, () -> new Reader(bytes(claim + "01")).value());
      assertThrows(MalformedException.class, () -> new Reader(bytes(claim + "01")).skip());
    }
  }

  @Test
  void aTypeThatDoesNotExistAndTextThatIsNotUtf8AreMalformed() {
    for (String each : List.of("c1", "91c1", "a1ff", "a2c328", "a3eda080", "a161c1")) {
      Reader reader = new Reader(bytes(each));
      assertThrows(
          MalformedException.class,
          () -> {
            reader.value();
            reader.value();
          },
          each);
    }
    assertThrows(MalformedException.class, () -> new Reader(bytes("c1")).skip());
  }

  @Test
  void keysAreTextsOrBinaries() {
    for (String key :
        List.of(
            "01", "c0", "90", "c3", "ca00000000", "d40107", "c7010111", "cc80", "dc0000", "e0")) {
      assertThrows(
          MalformedException.class, () -> new Reader(bytes("81" + key + "05")).value(), key);
    }
  }

  @Test
  void theHeaderOfAMapTellsItsEntries() {
    assertEquals(15, new Reader(bytes("8f")).mapHeader());
    assertEquals(0, new Reader(bytes("80")).mapHeader());
    assertEquals(65535, new Reader(bytes("deffff")).mapHeader());
    assertEquals(4294967295L, new Reader(bytes("dfffffffff")).mapHeader());
    for (String each : List.of("", "90", "7f", "a0", "dc0001", "c0")) {
      assertThrows(MalformedException.class, () -> new Reader(bytes(each)).mapHeader(), each);
    }
  }

  @Test
  void whatIsNotWhatWasAskedForIsMalformed() {
    assertEquals("a", new Reader(bytes("a161")).text());
    for (String each : List.of("01", "c0", "c40161", "90")) {
      assertThrows(MalformedException.class, () -> new Reader(bytes(each)).text(), each);
    }
    for (String each : List.of("a161", "c0", "ca00000000", "cfffffffffffffffff")) {
      assertThrows(MalformedException.class, () -> new Reader(bytes(each)).whole(), each);
    }
  }

  @Test
  void nothingIsLeftOfNoBytes() {
    assertFalse(new Reader(new byte[0]).hasNext());
    assertTrue(new Reader(new byte[1]).hasNext());
    assertNull(new Reader(bytes("c0")).value());
    assertSame(Reader.OTHER, new Reader(bytes("ca00000000")).value());
  }

  /** The library is an independent reader: it has to find the same ends. */
  @Test
  void whateverTheBytesAreItSkipsWhatTheLibrarySkips() {
    Random random = new Random(11);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[1 + random.nextInt(24)];
      random.nextBytes(bytes);
      withoutLargeMaps(bytes);
      assertEquals(skippedByTheLibrary(bytes), skipped(bytes), HexFormat.of().formatHex(bytes));
    }
  }

  /** The library counts the entries of such a map in 32 bits, and takes one of 2^30 for none. */
  private static void withoutLargeMaps(byte[] bytes) {
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] = bytes[at] == (byte) 0xdf ? (byte) 0xde : bytes[at];
    }
  }

  private static long skipped(byte[] bytes) {
    try {
      Reader reader = new Reader(bytes);
      long count = 0;
      while (reader.hasNext()) {
        reader.skip();
        count++;
      }
      return count;
    } catch (MalformedException e) {
      return -1;
    }
  }

  private static long skippedByTheLibrary(byte[] bytes) {
    try (var unpacker = MessagePack.newDefaultUnpacker(bytes)) {
      long count = 0;
      while (unpacker.hasNext()) {
        unpacker.skipValue();
        count++;
      }
      return count;
    } catch (IOException | RuntimeException e) {
      return -1;
    }
  }

  private static byte[] bytes(String hexadecimal) {
    return HexFormat.of().parseHex(hexadecimal);
  }
}
