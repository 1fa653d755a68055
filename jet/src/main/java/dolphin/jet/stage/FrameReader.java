package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Bytes in, frames out, in whatever pieces the bytes come. Does no I/O.
 *
 * <p>A frame that has come whole is handed out where it lies; only one that is cut is put together.
 */
final class FrameReader {

  private final int maxFrameBytes;
  private final ByteBuffer length =
      ByteBuffer.allocate(Frames.UNCOUNTED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private ByteBuffer cut;

  FrameReader(int maxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /**
   * The next complete frame without its length field, or null when {@code bytes} is used up. It may
   * be a part of {@code bytes}: it is valid for as long as those are left alone.
   *
   * @throws JetException if a frame is shorter than a header or longer than the limit
   */
  ByteBuffer next(ByteBuffer bytes) {
    if (cut == null) {
      while (length.hasRemaining() && bytes.hasRemaining()) {
        length.put(bytes.get());
      }
      if (length.hasRemaining()) {
        return null;
      }
      int frameBytes = checkedLength();
      if (bytes.remaining() >= frameBytes) {
        length.clear();
        ByteBuffer whole = bytes.slice(bytes.position(), frameBytes);
        bytes.position(bytes.position() + frameBytes);
        return whole;
      }
      cut = ByteBuffer.allocate(frameBytes);
    }
    int copied = Math.min(bytes.remaining(), cut.remaining());
    cut.put(bytes.slice(bytes.position(), copied));
    bytes.position(bytes.position() + copied);
    if (cut.hasRemaining()) {
      return null;
    }
    ByteBuffer complete = cut.flip();
    cut = null;
    length.clear();
    return complete;
  }

  private int checkedLength() {
    int bytes = length.getInt(0);
    if (bytes < Frames.HEADER_BYTES - Frames.UNCOUNTED_BYTES || bytes > maxFrameBytes) {
      throw new JetException("a frame of " + bytes + " bytes; " + maxFrameBytes + " are allowed");
    }
    return bytes;
  }
}
