package bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/** The floor: bytes to a Python process that sends them back, over a Unix-domain socket. */
final class BareEcho implements Subject {

  private static final int READ_BYTES = 256 << 10;

  private final String interpreter;
  private final String script;
  private final Queue<Integer> sizesUnderWay = new ConcurrentLinkedQueue<>();
  private Traffic traffic;
  private volatile boolean isStopped;
  private Process process;
  private SocketChannel channel;

  private BareEcho(String interpreter, String script) {
    this.interpreter = interpreter;
    this.script = script;
  }

  /** Arguments: the Python to run, the echo script. */
  public static void main(String[] arguments) throws Exception {
    Rig.serve(new BareEcho(arguments[0], arguments[1]));
  }

  @Override
  public Object message(byte[] payload) {
    return ByteBuffer.allocateDirect(payload.length).put(payload);
  }

  @Override
  public void start(Traffic messages, String function) throws IOException {
    traffic = messages;
    isStopped = false;
    sizesUnderWay.clear();
    if (function != null) {
      connect();
      new Thread(this::read, "bench-echo-answers").start();
    }
    new Thread(this::send, "bench-echo-requests").start();
  }

  private void connect() throws IOException {
    Path directory = Files.createTempDirectory("dolphin-bench-");
    Path socket = directory.resolve("s");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      process =
          new ProcessBuilder(interpreter, "-I", script, socket.toString()).inheritIO().start();
      channel = server.accept();
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    }
  }

  private void send() {
    traffic.attachReceiver();
    long sent = 0;
    try {
      while (!isStopped) {
        if (sent == traffic.offered()) {
          LockSupport.park();
        } else {
          sent++;
          transmit((ByteBuffer) traffic.message());
        }
      }
    } catch (IOException closed) {
      throwUnlessStopped(closed);
    }
  }

  private void transmit(ByteBuffer message) throws IOException {
    if (channel == null) {
      traffic.arrive();
      return;
    }
    message.rewind();
    sizesUnderWay.add(message.remaining());
    while (message.hasRemaining()) {
      channel.write(message);
    }
  }

  private void read() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
    int received = 0;
    try {
      for (int bytes; (bytes = channel.read(buffer.clear())) >= 0; ) {
        received += bytes;
        for (Integer size; (size = sizesUnderWay.peek()) != null && received >= size; ) {
          sizesUnderWay.remove();
          received -= size;
          traffic.arrive();
        }
      }
    } catch (IOException closed) {
      throwUnlessStopped(closed);
    }
  }

  private void throwUnlessStopped(IOException closed) {
    if (!isStopped) {
      throw new UncheckedIOException(closed);
    }
  }

  @Override
  public void stop() throws Exception {
    isStopped = true;
    traffic.wakeReceiver();
    if (channel != null) {
      channel.close();
      channel = null;
      process.waitFor();
    }
  }

  @Override
  public void close() {}
}
