package dolphin.jet.gates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** The rule as bytes: the same ones as the Python reference, and an answer to any bytes at all. */
class GateEntryTest {

  private static final Path VECTORS = Path.of("..", "tests", "contract", "gate_vectors.jsonl");

  @Test
  void everyGoldenVectorGivesTheBytesOfThePythonReference() throws IOException {
    String map = null;
    String key = null;
    byte[] value = null;
    int number = 0;
    for (String line : Files.readAllLines(VECTORS)) {
      number++;
      JsonObject vector = Json.parse(line).asObject();
      if (vector.get("case") != null) {
        map = vector.getString("map", null);
        key = vector.getString("key", null);
        value = null;
      }
      if (vector.get("restored_crc32") != null) {
        value = Restored.of(map, key, value);
        assertEquals(vector.getLong("restored_crc32", -1), crc(value), "restored, line " + number);
      }
      byte[] signal = packed(vector.get("signal"));
      GateEntry.Applied applied =
          map.equals("POSTURE")
              ? GateEntry.applyToPosture(key, value, signal)
              : GateEntry.applyToLeverage(key, value, signal);
      value = applied.value() == null ? value : applied.value();
      String where =
          "line " + number + " " + Fields.read(applied.answer()).fields().string("refusal");
      assertEquals(vector.getString("refusal", null), refusal(applied), where);
      assertEquals(vector.getLong("answer_crc32", -1), crc(applied.answer()), where);
      assertEquals(vector.getLong("value_crc32", -1), crc(value), where);
    }
    assertTrue(number > 1_000, "only " + number + " vectors");
  }

  @Test
  void noBytesMakeItThrowAndUnreadableOnesLeaveTheValueAlone() throws IOException {
    byte[] good = packed(Json.parse(vote(1, 0)));
    byte[] value = GateEntry.applyToLeverage("paper/BTCUSDT", null, good).value();
    Random random = new Random(7);
    for (int round = 0; round < 20_000; round++) {
      byte[] payload = random.nextBoolean() ? good.clone() : new byte[random.nextInt(40)];
      if (payload.length == good.length) {
        payload[random.nextInt(payload.length)] = (byte) random.nextInt();
      } else {
        random.nextBytes(payload);
      }
      GateEntry.Applied applied = GateEntry.applyToLeverage("paper/BTCUSDT", value, payload);
      Fields answer = Fields.read(applied.answer()).fields();
      assertNotNull(answer.map("command"));
      assertEquals(answer.isTrue("accepted"), applied.value() != null);
      assertEquals(answer.isTrue("accepted"), answer.string("refusal").isEmpty());
    }
  }

  @Test
  void damagedStoredStateRefusesEverySignalAndGrantsNothing() throws IOException {
    byte[] good = packed(Json.parse(vote(1, 0)));
    byte[] value = GateEntry.applyToLeverage("paper/BTCUSDT", null, good).value();
    for (int at = 0; at < value.length; at++) {
      byte[] damaged = value.clone();
      damaged[at] ^= 0x41;
      GateEntry.applyToLeverage("paper/BTCUSDT", damaged, packed(Json.parse(vote(2, 0))));
    }
    byte[] cut = Arrays.copyOf(value, value.length - 3);
    GateEntry.Applied applied =
        GateEntry.applyToLeverage("paper/BTCUSDT", cut, packed(Json.parse(vote(2, 0))));
    assertNull(applied.value());
    assertEquals("stored state unreadable", refusal(applied));
    assertNull(GateEntry.command(applied.answer()));
  }

  @Test
  void anAcceptedSignalIsPublishedAndAnOldOneIsNot() throws IOException {
    GateEntry.Applied first =
        GateEntry.applyToLeverage("paper/BTCUSDT", null, packed(Json.parse(vote(5, 0))));
    Fields command = Fields.read(GateEntry.command(first.answer())).fields();
    assertEquals("BTCUSDT", command.string("asset"));
    assertEquals(0, command.whole("cap_ppm", 0, Long.MAX_VALUE).orElse(-1));
    GateEntry.Applied again =
        GateEntry.applyToLeverage(
            "paper/BTCUSDT", first.value(), packed(Json.parse(vote(5, 1_000_000))));
    assertNull(again.value());
    assertNull(GateEntry.command(again.answer()));
    assertFalse(Fields.read(again.answer()).fields().isTrue("changed"));
    Fields present = Fields.read(again.answer()).fields().map("command");
    assertEquals(checksum(command), checksum(present), "a refusal tells the present command");
  }

  private static long checksum(Fields command) {
    return command.whole("checksum", 0, Long.MAX_VALUE).orElse(-1);
  }

  private static String vote(long seq, long severityPpm) {
    return "{\"kind\":\"vote\",\"votes\":[{\"source\":\"taker\",\"seq\":"
        + seq
        + ",\"time_ns\":"
        + seq
        + ",\"severity_ppm\":"
        + severityPpm
        + ",\"is_clear\":true,\"reason\":\"r\",\"cause_id\":\"c\",\"expires_at_ns\":2000000000}]}";
  }

  private static String refusal(GateEntry.Applied applied) {
    return Fields.read(applied.answer()).fields().string("refusal");
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes == null ? new byte[0] : bytes);
    return crc.getValue();
  }

  private static byte[] packed(JsonValue json) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      pack(packer, json);
      return packer.toByteArray();
    }
  }

  private static void pack(MessageBufferPacker packer, JsonValue json) throws IOException {
    if (json.isObject()) {
      packer.packMapHeader(json.asObject().size());
      for (JsonObject.Member member : json.asObject()) {
        packer.packString(member.getName());
        pack(packer, member.getValue());
      }
    } else if (json.isArray()) {
      packer.packArrayHeader(json.asArray().size());
      for (JsonValue each : json.asArray()) {
        pack(packer, each);
      }
    } else if (json.isString()) {
      packer.packString(json.asString());
    } else if (json.isBoolean()) {
      packer.packBoolean(json.asBoolean());
    } else if (json.isNumber()) {
      packNumber(packer, json.toString());
    } else {
      packer.packNil();
    }
  }

  private static void packNumber(MessageBufferPacker packer, String digits) throws IOException {
    if (digits.contains(".")) {
      packer.packDouble(Double.parseDouble(digits));
    } else {
      packer.packBigInteger(new BigInteger(digits));
    }
  }
}
