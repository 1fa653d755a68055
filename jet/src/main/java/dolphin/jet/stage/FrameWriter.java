package dolphin.jet.stage;

import dolphin.jet.stage.Frames.Outgoing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Frames to a non-blocking channel, coalesced: many small ones become one write, and a large one
 * never holds up the calling thread.
 *
 * <p>Everything goes through one direct buffer, because a write from the heap would be copied by
 * the JDK into a temporary direct buffer as large as the whole frame.
 */
final class FrameWriter {

  static final int BUFFER_BYTES = 256 << 10;

  /** Bound on one {@link #flush()}, so that a large frame shares the thread with other tasklets. */
  static final int WRITES_PER_FLUSH = 4;

  private final WritableByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private Outgoing partial;
  private int partialOffset;

  FrameWriter(WritableByteChannel channel) {
    this.channel = channel;
  }

  /** Takes a frame; false if an earlier one is still being written. */
  boolean put(Outgoing frame) {
    if (partial != null) {
      return false;
    }
    partial = frame;
    partialOffset = 0;
    fill();
    return true;
  }

  /** Writes what the channel takes. */
  void flush() throws IOException {
    for (int writes = 0; writes < WRITES_PER_FLUSH && buffer.position() > 0; writes++) {
      buffer.flip();
      int written = channel.write(buffer);
      buffer.compact();
      fill();
      if (written == 0) {
        return;
      }
    }
  }

  private void fill() {
    if (partial == null) {
      return;
    }
    copyFrom(partial.head(), partialOffset);
    copyFrom(partial.payload(), partialOffset - partial.head().length);
    if (partialOffset == partial.bytes()) {
      partial = null;
    }
  }

  private void copyFrom(byte[] source, int offset) {
    if (offset >= 0 && offset < source.length) {
      int bytes = Math.min(buffer.remaining(), source.length - offset);
      buffer.put(source, offset, bytes);
      partialOffset += bytes;
    }
  }
}
