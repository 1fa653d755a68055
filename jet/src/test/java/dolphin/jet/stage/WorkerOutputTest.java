package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.logging.AbstractLogger;
import com.hazelcast.logging.LogEvent;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;

/** What a function prints reaches the log with the stage's name, and never floods it. */
class WorkerOutputTest {

  private static final class Log extends AbstractLogger {
    final List<String> lines = new ArrayList<>();

    @Override
    public void log(Level level, String message) {
      lines.add(level + " " + message);
    }

    @Override
    public void log(Level level, String message, Throwable thrown) {
      log(level, message);
    }

    @Override
    @SuppressWarnings("removal") // abstract in the interface still
    public void log(LogEvent event) {
      throw new AssertionError("not used");
    }

    @Override
    public Level getLevel() {
      return Level.INFO;
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }
  }

  private final Log log = new Log();

  @Test
  void linesCarryTheNameOfTheStage() {
    assertEquals("one\ntwo", read("one\ntwo").tail());
    assertEquals(List.of("INFO [scan] one", "INFO [scan] two"), log.lines);
  }

  @Test
  void aFloodIsCutToItsRateAndCounted() {
    int lines = 50_000;
    read("x\n".repeat(lines));
    long shown = log.lines.stream().filter(line -> line.equals("INFO [scan] x")).count();
    long skipped =
        log.lines.stream()
            .filter(line -> line.startsWith("WARNING"))
            .mapToLong(line -> Long.parseLong(line.replaceAll(".*: (\\d+) lines.*", "$1")))
            .sum();
    assertEquals(lines, shown + skipped);
    assertTrue(shown % WorkerOutput.LINES_PER_SECOND == 0, "a multiple of a second's allowance");
    assertTrue(skipped > 0);
  }

  @Test
  void aLineWithoutEndIsCutAndCounted() {
    int length = 10 * WorkerOutput.LINE_BYTES;
    String tail = read("y".repeat(length)).tail();
    assertEquals(WorkerOutput.LINE_BYTES, tail.length());
    assertTrue(
        log.lines.get(1).contains((length - WorkerOutput.LINE_BYTES) + " bytes left out"),
        log.lines.get(1));
  }

  @Test
  void onlyTheLastLinesAreKeptForAFailure() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < WorkerOutput.LINES_PER_SECOND; i++) {
      text.append(i).append('\n');
    }
    String[] tail = read(text.toString()).tail().split("\n", -1);
    assertEquals(WorkerOutput.TAIL_LINES, tail.length);
    assertEquals("" + (WorkerOutput.LINES_PER_SECOND - 1), tail[tail.length - 1]);
  }

  private WorkerOutput read(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    WorkerOutput output = new WorkerOutput("scan", new ByteArrayInputStream(bytes), log);
    output.run();
    return output;
  }
}
