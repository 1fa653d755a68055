package dolphin.jet.gates.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A small file system of its own, which root may mount, that can be filled to the last byte. */
final class FullDisk implements AutoCloseable {

  private static final int BYTES = 1 << 20;
  private static final int BLOCK = 4096;

  private final Path folder;

  private FullDisk(Path folder) {
    this.folder = folder;
  }

  /** Skips the test where this user may not mount. */
  static FullDisk mount(Path folder) throws IOException {
    Files.createDirectories(folder);
    int status =
        run("mount", "-t", "tmpfs", "-o", "size=" + BYTES, "dolphin-test", folder.toString());
    Assumptions.assumeTrue(status == 0, "only root may mount a small file system");
    return new FullDisk(folder);
  }

  String path(String name) {
    return folder.resolve(name).toString();
  }

  void fill() throws IOException {
    try (OutputStream filler = Files.newOutputStream(folder.resolve("filler"))) {
      byte[] block = new byte[BLOCK];
      while (true) {
        filler.write(block);
      }
    } catch (IOException full) {
      if (!String.valueOf(full.getMessage()).contains("No space left")) {
        throw full;
      }
    }
  }

  void free() throws IOException {
    Files.delete(folder.resolve("filler"));
  }

  @Override
  public void close() throws IOException {
    run("umount", "--lazy", folder.toString());
  }

  private static int run(String... command) throws IOException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
