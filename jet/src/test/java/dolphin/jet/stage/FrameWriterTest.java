package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.wire.Batch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames over a channel that takes what it likes. */
class FrameWriterTest {

  /** Takes up to {@code most} bytes at a time. */
  private static final class Socket implements WritableByteChannel {
    final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    final Random random = new Random(3);
    final int most;
    int writes;

    Socket(int most) {
      this.most = most;
    }

    @Override
    public int write(ByteBuffer source) {
      writes++;
      byte[] bytes = new byte[Math.min(source.remaining(), random.nextInt(most + 1))];
      source.get(bytes);
      taken.writeBytes(bytes);
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 4096, 10_000_000})
  void everyByteArrivesOnceAndInOrder(int most) throws IOException {
    Socket socket = new Socket(most);
    FrameWriter writer = new FrameWriter(socket);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    Queue<Outgoing> waiting = new ArrayDeque<>();
    int scale = most < 100 ? 1_000 : FrameWriter.BUFFER_BYTES;
    for (int i = 0; i < 50; i++) {
      byte[] arrow = new byte[socket.random.nextInt(scale * 2)];
      socket.random.nextBytes(arrow);
      Outgoing frame = Frames.batch(i, new Batch("k", i, arrow));
      expected.writeBytes(frame.head());
      expected.writeBytes(frame.payload());
      waiting.add(frame);
    }
    while (socket.taken.size() < expected.size()) {
      while (!waiting.isEmpty() && writer.put(waiting.peek())) {
        waiting.remove();
      }
      writer.flush();
    }
    assertArrayEquals(expected.toByteArray(), socket.taken.toByteArray());
  }

  @Test
  void manySmallFramesAreOneWrite() throws IOException {
    Socket socket = new Socket(Integer.MAX_VALUE - 1);
    FrameWriter writer = new FrameWriter(socket);
    for (int i = 0; i < 100; i++) {
      assertTrue(writer.put(Frames.watermark(i, i)));
    }
    writer.flush();
    assertEquals(1, socket.writes);
  }

  @Test
  void aLargeFrameDoesNotHoldUpTheThread() throws IOException {
    Socket socket = new Socket(FrameWriter.BUFFER_BYTES);
    FrameWriter writer = new FrameWriter(socket);
    writer.put(Frames.batch(1, new Batch("k", 0, new byte[50 << 20])));
    writer.flush();
    assertTrue(socket.writes <= FrameWriter.WRITES_PER_FLUSH);
  }
}
