package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bytes in, frames out, in whatever pieces the bytes come. Does no I/O. */
final class FrameReader {

  private final int maxFrameBytes;
  private final byte[] length = new byte[Frames.UNCOUNTED_BYTES];
  private int lengthRead;
  private byte[] frame;
  private int frameRead;

  FrameReader(int maxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /**
   * The next complete frame without its length field, or null when {@code bytes} is used up.
   *
   * @throws JetException if a frame is shorter than a header or longer than the limit
   */
  byte[] next(ByteBuffer bytes) {
    while (frame == null) {
      if (!bytes.hasRemaining()) {
        return null;
      }
      length[lengthRead++] = bytes.get();
      if (lengthRead == Frames.UNCOUNTED_BYTES) {
        frame = new byte[checkedLength()];
        frameRead = 0;
      }
    }
    int copied = Math.min(bytes.remaining(), frame.length - frameRead);
    bytes.get(frame, frameRead, copied);
    frameRead += copied;
    if (frameRead < frame.length) {
      return null;
    }
    byte[] complete = frame;
    frame = null;
    lengthRead = 0;
    return complete;
  }

  private int checkedLength() {
    int bytes = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (bytes < Frames.HEADER_BYTES - Frames.UNCOUNTED_BYTES || bytes > maxFrameBytes) {
      throw new JetException("a frame of " + bytes + " bytes; " + maxFrameBytes + " are allowed");
    }
    return bytes;
  }
}
