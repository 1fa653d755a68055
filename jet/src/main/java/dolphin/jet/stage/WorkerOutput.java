package dolphin.jet.stage;

import com.hazelcast.logging.ILogger;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * A worker's standard output and error, brought to the member's log line by line.
 *
 * <p>A function may print without end: everything is read, so that it never blocks on its output,
 * but at most {@link #LINES_PER_SECOND} lines of {@link #LINE_BYTES} bytes reach the log; the rest
 * is counted and the count is logged. The last {@link #TAIL_LINES} lines are kept for the text of a
 * failure.
 */
final class WorkerOutput implements Runnable {

  static final int LINES_PER_SECOND = 100;
  static final int LINE_BYTES = 4096;
  static final int TAIL_LINES = 40;
  private static final int READ_BYTES = 64 << 10;

  private final String stage;
  private final InputStream output;
  private final ILogger logger;
  private final byte[] line = new byte[LINE_BYTES];
  private final ArrayDeque<String> tail = new ArrayDeque<>();
  private int lineBytes;
  private long windowStartNs = System.nanoTime();
  private int linesInWindow;
  private long linesSkipped;
  private long bytesSkipped;

  WorkerOutput(String stage, InputStream output, ILogger logger) {
    this.stage = stage;
    this.output = output;
    this.logger = logger;
  }

  /** Reads to the end; runs on a thread of its own. */
  @Override
  public void run() {
    byte[] bytes = new byte[READ_BYTES];
    try (output) {
      for (int n = output.read(bytes); n >= 0; n = output.read(bytes)) {
        for (int i = 0; i < n; i++) {
          take(bytes[i]);
        }
      }
    } catch (IOException closed) {
      logger.fine("[" + stage + "] output closed: " + closed.getMessage());
    }
    if (lineBytes > 0) {
      endLine();
    }
    reportSkipped();
  }

  private void take(byte b) {
    if (b == '\n') {
      endLine();
    } else if (lineBytes < LINE_BYTES) {
      line[lineBytes++] = b;
    } else {
      bytesSkipped++;
    }
  }

  private void endLine() {
    long now = System.nanoTime();
    if (now - windowStartNs > TimeUnit.SECONDS.toNanos(1)) {
      windowStartNs = now;
      linesInWindow = 0;
      reportSkipped();
    }
    if (linesInWindow < LINES_PER_SECOND) {
      linesInWindow++;
      String text = new String(line, 0, lineBytes, StandardCharsets.UTF_8);
      remember(text);
      logger.info("[" + stage + "] " + text);
    } else {
      linesSkipped++;
      bytesSkipped += lineBytes;
    }
    lineBytes = 0;
  }

  private void reportSkipped() {
    if (linesSkipped > 0 || bytesSkipped > 0) {
      logger.warning(
          "[%s] printed more than is logged: %d lines, %d bytes left out"
              .formatted(stage, linesSkipped, bytesSkipped));
      linesSkipped = 0;
      bytesSkipped = 0;
    }
  }

  private synchronized void remember(String text) {
    if (tail.size() == TAIL_LINES) {
      tail.remove();
    }
    tail.add(text);
  }

  /** The last lines logged, for a failure's text. */
  synchronized String tail() {
    return String.join("\n", tail);
  }
}
