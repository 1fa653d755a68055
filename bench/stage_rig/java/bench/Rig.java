package bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Carries out the commands on standard input, one a line, and answers each with one line of JSON on
 * standard output. Ends when standard input does.
 *
 * <pre>
 * start FUNCTION|none PAYLOAD       nanoseconds until the first message came out
 * paced PAYLOAD COUNT GAP_NANOS     array of latencies in nanoseconds, from the intended times
 * flood PAYLOAD NANOS               messages per second
 * stop                              null
 * </pre>
 */
final class Rig {

  private final Subject subject;
  private Traffic traffic = new Traffic();

  private Rig(Subject subject) {
    this.subject = subject;
  }

  static void serve(Subject subject) throws Exception {
    try (subject) {
      Rig rig = new Rig(subject);
      System.out.println("\"ready\"");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line; (line = in.readLine()) != null; ) {
        System.out.println(rig.carryOut(line.split(" ")));
      }
      rig.stop();
    }
  }

  private String carryOut(String[] command) throws Exception {
    return switch (command[0]) {
      case "start" ->
          String.valueOf(start(command[1].equals("none") ? null : command[1], message(command[2])));
      case "paced" ->
          Arrays.toString(
              traffic.paced(
                  message(command[1]), Integer.parseInt(command[2]), Long.parseLong(command[3])));
      case "flood" ->
          String.valueOf(traffic.flood(message(command[1]), Long.parseLong(command[2])));
      case "stop" -> stop();
      default -> throw new IllegalArgumentException("no command " + command[0]);
    };
  }

  private long start(String function, Object message) throws Exception {
    traffic = new Traffic();
    long since = System.nanoTime();
    subject.start(traffic, function);
    return traffic.first(message, since);
  }

  private String stop() throws Exception {
    if (traffic != null) {
      subject.stop();
      traffic = null;
    }
    return "null";
  }

  private Object message(String payload) throws Exception {
    return subject.message(Files.readAllBytes(Path.of(payload)));
  }
}
