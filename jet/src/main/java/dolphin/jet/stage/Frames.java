package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layout of frames between processor and worker, Java side.
 *
 * <p>{@code dolphin/stage/protocol.py} describes the protocol; this class and that file are the
 * only two that know it, and {@code tests/contract/stage_frames.json} holds both to it. Pure: no
 * I/O, no clock.
 */
final class Frames {

  static final int PROTOCOL = 2;

  static final byte CONFIG = 1;
  static final byte RESTORE = 2;
  static final byte BATCH = 3;
  static final byte ROWS = 4;
  static final byte WATERMARK = 5;
  static final byte SNAPSHOT = 6;
  static final byte HELLO = 16;
  static final byte READY = 17;
  static final byte RESULT = 18;
  static final byte STATE = 19;
  static final byte ERROR = 20;
  static final byte PART = 21;

  /** Length field, type, seq. */
  static final int HEADER_BYTES = 13;

  /** The length field does not count itself. */
  static final int UNCOUNTED_BYTES = 4;

  /** Longest frame either side accepts: the largest state or result, with room for its fields. */
  static final int MAX_FRAME_BYTES = (1 << 30) + (1 << 20);

  private static final byte ITEM_BATCH = 1;
  private static final byte ITEM_ROW = 2;
  private static final byte[] NOTHING = {};

  private Frames() {}

  /** A frame ready to send: {@code head} then {@code payload}, which is not copied. */
  static final class Outgoing {
    private final byte[] head;
    private final byte[] payload;

    private Outgoing(byte[] head, byte[] payload) {
      this.head = head;
      this.payload = payload;
    }

    byte[] head() {
      return head;
    }

    byte[] payload() {
      return payload;
    }

    int bytes() {
      return head.length + payload.length;
    }
  }

  /** An answer of the worker. */
  sealed interface Answer {
    /** The request it answers. */
    long seq();
  }

  record Hello(long seq, int protocol, int pid, String python) implements Answer {}

  record Ready(long seq, String json) implements Answer {
    boolean isStateful() {
      return isTrue("is_stateful");
    }

    boolean hasWatermark() {
      return isTrue("has_watermark");
    }

    private boolean isTrue(String name) {
      return json.replace(" ", "").contains('"' + name + "\":true");
    }
  }

  record Result(long seq, long busyNs, int rowsIn, List<Emission> items) implements Answer {}

  /** The first items of a result that follows. */
  record Part(long seq, List<Emission> items) implements Answer {}

  record State(long seq, Map<String, byte[]> entries) implements Answer {}

  record Failure(long seq, String text) implements Answer {}

  /** One item for the edges whose bits are set. */
  record Emission(int edges, Object item) {}

  static Outgoing config(long seq, String json) {
    return frame(CONFIG, seq, utf8(json), NOTHING);
  }

  static Outgoing restore(String key, byte[] state) {
    byte[] k = utf8(key);
    byte[] fields = new byte[4 + k.length + 4];
    putBlob(littleEndian(fields), k).putInt(state.length);
    return frame(RESTORE, 0, fields, state);
  }

  static Outgoing batch(long seq, Batch batch) {
    byte[] k = utf8(batch.key());
    byte[] fields = new byte[8 + 4 + k.length];
    putBlob(littleEndian(fields).putLong(batch.timeNs()), k);
    return frame(BATCH, seq, fields, batch.arrow());
  }

  static Outgoing rows(long seq, long timeNs, String instanceKey, List<Row> rows) {
    byte[] instance = utf8(instanceKey);
    List<byte[]> keys = new ArrayList<>(rows.size());
    int bytes = 8 + 4 + instance.length + 4;
    for (Row row : rows) {
      byte[] key = utf8(row.key());
      keys.add(key);
      bytes += 8 + key.length + row.value().length;
    }
    byte[] fields = new byte[bytes];
    ByteBuffer out = putBlob(littleEndian(fields).putLong(timeNs), instance).putInt(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      putBlob(putBlob(out, keys.get(i)), rows.get(i).value());
    }
    return frame(ROWS, seq, fields, NOTHING);
  }

  static Outgoing watermark(long seq, long timeNs) {
    byte[] fields = new byte[8];
    littleEndian(fields).putLong(timeNs);
    return frame(WATERMARK, seq, fields, NOTHING);
  }

  static Outgoing snapshot(long seq) {
    return frame(SNAPSHOT, seq, NOTHING, NOTHING);
  }

  private static Outgoing frame(byte type, long seq, byte[] fields, byte[] payload) {
    byte[] head = new byte[HEADER_BYTES + fields.length];
    littleEndian(head)
        .putInt(HEADER_BYTES - UNCOUNTED_BYTES + fields.length + payload.length)
        .put(type)
        .putLong(seq)
        .put(fields);
    return new Outgoing(head, payload);
  }

  /**
   * Reads an answer from a frame without its length field; nothing of the frame is kept.
   *
   * @throws JetException if the bytes are no answer of this protocol
   */
  static Answer answer(ByteBuffer frame) {
    ByteBuffer in = frame.order(ByteOrder.LITTLE_ENDIAN);
    try {
      byte type = in.get();
      long seq = in.getLong();
      return switch (type) {
        case HELLO -> new Hello(seq, in.getInt(), in.getInt(), text(in));
        case READY -> new Ready(seq, rest(in));
        case RESULT -> new Result(seq, in.getLong(), in.getInt(), items(in));
        case PART -> new Part(seq, items(in));
        case STATE -> new State(seq, entries(in));
        case ERROR -> new Failure(seq, rest(in));
        default -> throw new JetException("the worker sent a frame of unknown type " + type);
      };
    } catch (BufferUnderflowException | NegativeArraySizeException truncated) {
      throw new JetException("the worker sent a frame that ends inside a field", truncated);
    }
  }

  private static List<Emission> items(ByteBuffer in) {
    int count = in.getInt();
    List<Emission> items = new ArrayList<>(Math.min(count, in.remaining()));
    for (int i = 0; i < count; i++) {
      int edges = in.getInt();
      byte kind = in.get();
      String key = text(in);
      long timeNs = in.getLong();
      byte[] payload = blob(in);
      items.add(
          switch (kind) {
            case ITEM_BATCH -> new Emission(edges, new Batch(key, timeNs, payload));
            case ITEM_ROW -> new Emission(edges, new Row(key, payload));
            default -> throw new JetException("the worker sent an item of unknown kind " + kind);
          });
    }
    return items;
  }

  private static Map<String, byte[]> entries(ByteBuffer in) {
    int count = in.getInt();
    Map<String, byte[]> entries = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = text(in);
      entries.put(key, blob(in));
    }
    return entries;
  }

  private static String text(ByteBuffer in) {
    return new String(blob(in), StandardCharsets.UTF_8);
  }

  private static byte[] blob(ByteBuffer in) {
    int length = in.getInt();
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static String rest(ByteBuffer in) {
    return StandardCharsets.UTF_8.decode(in).toString();
  }

  private static ByteBuffer putBlob(ByteBuffer out, byte[] bytes) {
    return out.putInt(bytes.length).put(bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
