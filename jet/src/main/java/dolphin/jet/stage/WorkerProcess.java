package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import com.hazelcast.logging.ILogger;
import dolphin.jet.Waker;
import dolphin.jet.stage.Frames.Answer;
import dolphin.jet.stage.Frames.Failure;
import dolphin.jet.stage.Frames.Hello;
import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.stage.Frames.Ready;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * One worker process: started, spoken to, listened to, killed.
 *
 * <p>The Jet thread only ever calls {@link #send}, {@link #flush}, {@link #poll} and {@link #kill},
 * none of which blocks. Two threads of the worker's own do the waiting: one reads answers into a
 * queue and then wakes the Jet thread, one carries the worker's output to the log. Starting and
 * killing happen on a shared pool. The queue is bounded by the requests in flight, since a worker
 * only answers.
 */
final class WorkerProcess {

  /** From the spawn to READY, the import of the function's modules included. */
  static final long START_LIMIT_S = 60;

  private static final long EXIT_WAIT_S = 8;
  private static final long LOG_WAIT_MS = 500;
  private static final int READ_BYTES = 256 << 10;
  private static final int SOCKET_BUFFER_BYTES = 1 << 20;
  private static final int SIGNAL_BASE = 128;
  private static final byte[] KILL = {'K'};
  private static final byte[] DUMP_AND_KILL = {'D'};

  private static final ExecutorService SUPERVISORS =
      Executors.newCachedThreadPool(task -> daemon(task, "dolphin-stage-supervisor"));

  private final StageSpec spec;
  private final Waker waker;
  private final Process process;
  private final WorkerOutput output;
  private final Thread outputThread;
  private final CompletableFuture<Ready> ready = new CompletableFuture<>();
  private final CompletableFuture<String> end = new CompletableFuture<>();
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private volatile String killedBecause;
  private volatile String failureText;
  private SocketChannel requests;
  private SocketChannel responses;
  private FrameWriter writer;

  private WorkerProcess(StageSpec spec, Waker waker, ILogger logger, Process process) {
    this.spec = spec;
    this.waker = waker;
    this.process = process;
    this.output = new WorkerOutput(spec.name(), process.getInputStream(), logger);
    this.outputThread = daemon(output, "dolphin-stage-" + spec.name() + "-output");
  }

  /**
   * Starts a worker without blocking. The future gives a worker that has loaded its function, or
   * fails with a {@link JetException} that says why it could not; {@code waker} is woken either
   * way.
   */
  static CompletableFuture<WorkerProcess> start(StageSpec spec, Waker waker, ILogger logger) {
    return CompletableFuture.supplyAsync(() -> startBlocking(spec, waker, logger), SUPERVISORS)
        .whenComplete((worker, failure) -> waker.wake());
  }

  private static WorkerProcess startBlocking(StageSpec spec, Waker waker, ILogger logger) {
    WorkerProcess worker = null;
    try {
      Path directory = Files.createTempDirectory("dolphin-stage-");
      Path socket = directory.resolve("s");
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(socket));
        Process process = WorkerConfig.command(spec, socket.toString()).start();
        worker = new WorkerProcess(spec, waker, logger, process);
        worker.outputThread.start();
        worker.connect(server);
      } finally {
        Files.deleteIfExists(socket);
        Files.deleteIfExists(directory);
      }
      return worker.awaitReady();
    } catch (IOException | JetException failure) {
      if (worker == null) {
        throw new JetException("could not start: " + failure.getMessage(), failure);
      }
      worker.killIfAlive("it did not connect");
      throw new JetException("could not start: " + worker.conclude(), failure);
    }
  }

  private void connect(ServerSocketChannel server) throws IOException {
    // a worker that dies before it connects would leave accept() waiting
    CompletableFuture<Void> watch =
        process
            .onExit()
            .orTimeout(START_LIMIT_S, TimeUnit.SECONDS)
            .handle(
                (exited, late) -> {
                  closeQuietly(server);
                  return null;
                });
    requests = server.accept();
    responses = server.accept();
    watch.cancel(false);
    requests.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
    ByteBuffer config = ByteBuffer.wrap(Frames.config(0, WorkerConfig.json(spec)).head());
    while (config.hasRemaining()) {
      requests.write(config);
    }
    requests.configureBlocking(false);
    writer = new FrameWriter(requests);
    daemon(this::readAnswers, "dolphin-stage-" + spec.name() + "-answers").start();
  }

  private WorkerProcess awaitReady() {
    try {
      ready.orTimeout(START_LIMIT_S, TimeUnit.SECONDS).join();
      return this;
    } catch (CompletionException late) {
      killIfAlive("it was not ready within " + START_LIMIT_S + " s");
      throw new JetException("could not start: " + end.join(), late);
    }
  }

  /** What the function can do. */
  Ready function() {
    return ready.join();
  }

  /** Takes a frame for sending; false while an earlier, larger one is still on its way. */
  boolean send(Outgoing frame) {
    return writer.put(frame);
  }

  /** Writes what the socket takes. A dead worker is no error here: {@link #end} tells. */
  void flush() {
    try {
      writer.flush();
    } catch (IOException gone) {
      kill("its socket broke: " + gone.getMessage());
    }
  }

  /** The next answer, or null. */
  Answer poll() {
    return answers.poll();
  }

  /** Completed, once the worker is gone, with the reason; all its answers are queued before. */
  CompletableFuture<String> end() {
    return end;
  }

  /** Blocks until the worker is gone, at most {@code limitMs}; only for a thread that may wait. */
  void awaitEnd(long limitMs) {
    // a late end is no error: the guardian goes on killing
    end.completeOnTimeout("it is slow to end", limitMs, TimeUnit.MILLISECONDS).join();
  }

  /** Kills a worker that is still starting, as soon as it has started. */
  static void killOnceStarted(CompletableFuture<WorkerProcess> starting, String reason) {
    CompletableFuture<Void> unused = starting.thenAccept(worker -> worker.kill(reason));
  }

  /** Kills the worker and all it started; returns at once. */
  void kill(String reason) {
    killWith(KILL, reason);
  }

  /** The reason counts only if the worker has not ended by itself. */
  private void killIfAlive(String reason) {
    if (process.isAlive()) {
      kill(reason);
    }
  }

  /** As {@link #kill}, after its threads' Python tracebacks went to its output. */
  void dumpAndKill(String reason) {
    killWith(DUMP_AND_KILL, reason);
  }

  private void killWith(byte[] command, String reason) {
    if (killedBecause == null) {
      killedBecause = reason;
      SUPERVISORS.execute(() -> killBlocking(command));
    }
  }

  private void killBlocking(byte[] command) {
    try (OutputStream control = process.getOutputStream()) {
      control.write(command);
    } catch (IOException gone) {
      // the guardian has ended already, and with it the worker
    }
    awaitExit();
    process.destroyForcibly();
    release();
  }

  private void release() {
    closeQuietly(process.getOutputStream());
    closeQuietly(requests);
    closeQuietly(responses);
  }

  private void readAnswers() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    FrameReader reader = new FrameReader(Frames.MAX_FRAME_BYTES);
    try {
      while (responses.read(buffer.clear()) >= 0) {
        buffer.flip();
        for (byte[] frame = reader.next(buffer); frame != null; frame = reader.next(buffer)) {
          take(Frames.answer(frame));
        }
      }
    } catch (IOException | JetException broken) {
      kill("it broke the protocol: " + broken.getMessage());
    }
    String reason = conclude();
    release();
    end.complete(reason);
    ready.completeExceptionally(new JetException(reason));
    waker.wake();
  }

  private void take(Answer answer) {
    if (answer instanceof Ready loaded) {
      ready.complete(loaded);
    } else if (answer instanceof Failure raised) {
      failureText = raised.text();
    } else if (answer instanceof Hello hello) {
      if (hello.protocol() != Frames.PROTOCOL) {
        throw new JetException(
            "the worker speaks protocol " + hello.protocol() + ", the member " + Frames.PROTOCOL);
      }
    } else {
      answers.add(answer);
      waker.wake();
    }
  }

  /** Waits for the process to be gone and says why it went. */
  private String conclude() {
    awaitExit();
    try {
      outputThread.join(LOG_WAIT_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failureText != null) {
      return failureText;
    }
    String printed = output.tail();
    String reason = killedBecause != null ? killedBecause : exitReason();
    return printed.isEmpty() ? reason : reason + "\nlast output:\n" + printed;
  }

  private String exitReason() {
    if (process.isAlive()) {
      return "it closed its connection";
    }
    int status = process.exitValue();
    return status > SIGNAL_BASE
        ? "it was killed by signal " + (status - SIGNAL_BASE)
        : "it exited with status " + status;
  }

  private void awaitExit() {
    try {
      process.waitFor(EXIT_WAIT_S, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void closeQuietly(Closeable closeable) {
    try {
      if (closeable != null) {
        closeable.close();
      }
    } catch (IOException alreadyBroken) {
      // it is closed either way
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
