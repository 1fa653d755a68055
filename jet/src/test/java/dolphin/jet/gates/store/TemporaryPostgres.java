package dolphin.jet.gates.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL 15 of a test's own, in a temporary folder, on a free port of loopback. The server
 * refuses to run as root, so under root it runs as {@code nobody}.
 */
final class TemporaryPostgres {

  static final Path PROGRAMS = Path.of("/usr/lib/postgresql/15/bin");
  static final String WHY_SKIPPED = "there is no PostgreSQL 15 (Debian package postgresql-15)";

  private final Path folder;
  private final int port;

  private TemporaryPostgres(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  static boolean isInstalled() {
    return Files.isExecutable(PROGRAMS.resolve("initdb"));
  }

  static TemporaryPostgres start() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("dolphin-pg");
    int port;
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    if (isRoot()) {
      run(List.of("chown", "nobody", folder.toString()));
    }
    TemporaryPostgres server = new TemporaryPostgres(folder, port);
    server.program("initdb", "-U", "dolphin", "-A", "trust", "--no-sync", "-D", server.data());
    server.goOn();
    return server;
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=dolphin";
  }

  /** Stops it as a crash would; {@link #goOn} starts it again. */
  void fail() throws IOException, InterruptedException {
    program("pg_ctl", "-w", "-D", data(), "-m", "immediate", "stop");
  }

  void goOn() throws IOException, InterruptedException {
    String options =
        "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=" + folder;
    program("pg_ctl", "-w", "-D", data(), "-l", folder + "/log", "-o", options, "start");
  }

  void stop() throws IOException, InterruptedException {
    fail();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private String data() {
    return folder + "/data";
  }

  private void program(String name, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (isRoot()) {
      command.addAll(List.of("runuser", "-u", "nobody", "--"));
    }
    command.add(PROGRAMS.resolve(name).toString());
    command.addAll(List.of(arguments));
    run(command);
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }
}
