package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import com.hazelcast.jet.JetException;
import dolphin.jet.stage.Frames.Answer;
import dolphin.jet.stage.Frames.Emission;
import dolphin.jet.stage.Frames.Failure;
import dolphin.jet.stage.Frames.Hello;
import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.stage.Frames.Part;
import dolphin.jet.stage.Frames.Ready;
import dolphin.jet.stage.Frames.Result;
import dolphin.jet.stage.Frames.State;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The frames of the stage protocol against the bytes that the Python side is held to as well. */
class FramesTest {

  private static JsonObject golden;

  @BeforeAll
  static void read() throws IOException {
    String text = Files.readString(StageMember.root().resolve("tests/contract/stage_frames.json"));
    golden = Json.parse(text).asObject().get("frames").asObject();
  }

  @Test
  void requestsAreWrittenAsPythonReadsThem() {
    JsonObject batch = frame("batch");
    JsonObject rows = frame("rows");
    List<Row> written = new ArrayList<>();
    for (JsonValue row : rows.get("rows").asArray()) {
      written.add(new Row(row.asArray().get(0).asString(), hex(row.asArray().get(1).asString())));
    }
    assertBytes("config", Frames.config(0, frame("config").getString("json", "")));
    assertBytes(
        "restore",
        Frames.restore(
            frame("restore").getString("key", ""), hex(frame("restore").getString("state", ""))));
    assertBytes(
        "batch",
        Frames.batch(
            1,
            new Batch(
                batch.getString("key", ""),
                batch.getLong("time_ns", 0),
                hex(batch.getString("arrow", "")))));
    assertBytes("rows", Frames.rows(2, rows.getLong("time_ns", 0), "", written));
    assertBytes("watermark", Frames.watermark(3, frame("watermark").getLong("time_ns", 0)));
    assertBytes("snapshot", Frames.snapshot(4));
  }

  @Test
  void answersAreReadAsPythonWritesThem() {
    Hello hello = assertInstanceOf(Hello.class, answer("hello"));
    assertEquals(new Hello(0, Frames.PROTOCOL, 4242, "3.12.1"), hello);
    Ready ready = assertInstanceOf(Ready.class, answer("ready"));
    assertEquals(List.of(true, false), List.of(ready.isStateful(), ready.hasWatermark()));
    Failure error = assertInstanceOf(Failure.class, answer("error"));
    assertEquals(new Failure(5, "ValueError: µ"), error);
  }

  @Test
  void aResultHasItsItems() {
    Result result = assertInstanceOf(Result.class, answer("result"));
    assertEquals(
        List.of(1L, 1500L, 3L), List.of(result.seq(), result.busyNs(), (long) result.rowsIn()));
    assertItems(result.items());
  }

  @Test
  void aPartHasItsItems() {
    Part part = assertInstanceOf(Part.class, answer("part"));
    assertEquals(1L, part.seq());
    assertItems(part.items());
  }

  private static void assertItems(List<Emission> items) {
    Batch batch = assertInstanceOf(Batch.class, items.get(0).item());
    assertEquals(List.of("7", 99L), List.of(batch.key(), batch.timeNs()));
    assertArrayEquals(hex("a1b2"), batch.arrow());
    Row row = assertInstanceOf(Row.class, items.get(1).item());
    assertEquals("BTCUSDT", row.key());
    assertEquals(0, row.value().length);
    assertEquals(List.of(5, 2), items.stream().map(Emission::edges).toList());
  }

  @Test
  void aStateHasItsEntriesInOrder() {
    State state = assertInstanceOf(State.class, answer("state"));
    assertEquals(List.of("0", "12"), List.copyOf(state.entries().keySet()));
    assertArrayEquals(new byte[] {1}, state.entries().get("0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hello", "result", "part", "state"})
  void anAnswerThatEndsInsideAFieldIsRefused(String name) {
    byte[] whole = body(name);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(
          JetException.class,
          () -> Frames.answer(ByteBuffer.wrap(cut)),
          name + " cut at " + length);
    }
  }

  @Test
  void anAnswerOfUnknownTypeIsRefused() {
    byte[] unknown = new byte[9];
    unknown[0] = 77;
    assertThrows(JetException.class, () -> Frames.answer(ByteBuffer.wrap(unknown)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 64, 4096})
  void framesAreTheSameHoweverTheBytesAreCut(int cut) {
    List<String> names = List.of("hello", "ready", "part", "result", "state", "error");
    ByteBuffer stream = ByteBuffer.allocate(4096);
    names.forEach(name -> stream.put(hex(frame(name).getString("frame", ""))));
    stream.flip();
    FrameReader reader = new FrameReader(4096);
    List<String> seen = new ArrayList<>();
    while (stream.hasRemaining()) {
      byte[] piece = new byte[Math.min(cut, stream.remaining())];
      stream.get(piece);
      ByteBuffer bytes = ByteBuffer.wrap(piece);
      for (ByteBuffer frame = reader.next(bytes); frame != null; frame = reader.next(bytes)) {
        byte[] taken = new byte[frame.remaining()];
        frame.get(taken);
        seen.add(HexFormat.of().formatHex(taken));
      }
    }
    assertEquals(names.stream().map(name -> HexFormat.of().formatHex(body(name))).toList(), seen);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 4097, -1})
  void aLengthThatCannotBeIsRefused(int length) {
    ByteBuffer bytes = ByteBuffer.allocate(4).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(length).flip();
    assertThrows(JetException.class, () -> new FrameReader(4096).next(bytes));
  }

  private static Answer answer(String name) {
    return Frames.answer(ByteBuffer.wrap(body(name)));
  }

  private static byte[] body(String name) {
    byte[] whole = hex(frame(name).getString("frame", ""));
    return Arrays.copyOfRange(whole, Frames.UNCOUNTED_BYTES, whole.length);
  }

  private static JsonObject frame(String name) {
    return golden.get(name).asObject();
  }

  private static void assertBytes(String name, Outgoing frame) {
    byte[] written = Arrays.copyOf(frame.head(), frame.bytes());
    System.arraycopy(frame.payload(), 0, written, frame.head().length, frame.payload().length);
    assertEquals(frame(name).getString("frame", ""), HexFormat.of().formatHex(written), name);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
