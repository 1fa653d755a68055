package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import com.hazelcast.logging.ILogger;
import dolphin.jet.stage.Frames.Answer;
import dolphin.jet.stage.Frames.Failure;
import dolphin.jet.stage.Frames.Hello;
import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.stage.Frames.Ready;
import dolphin.jet.wire.Waker;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * One worker process: started, spoken to, listened to, killed.
 *
 * <p>The Jet thread only ever calls {@link #send}, {@link #flush}, {@link #poll}, {@link #watch}
 * and {@link #kill}, none of which blocks: it reads and writes the sockets itself, and {@link
 * AnswerWatch} wakes it should it sleep when an answer comes. A thread of the worker's own carries
 * its output to the log; starting, killing and finding out how it ended happen on a shared pool.
 */
final class WorkerProcess {

  /** From the spawn to READY, the import of the function's modules included. */
  static final long START_LIMIT_S = 60;

  private static final long EXIT_WAIT_S = 8;
  private static final long LOG_WAIT_MS = 500;
  private static final int READ_BYTES = 256 << 10;

  /** Bound on one {@link #poll}, so that a large frame shares the thread with other tasklets. */
  private static final int READS_PER_POLL = 4;

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
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
  private final FrameReader reader = new FrameReader(Frames.MAX_FRAME_BYTES);
  private final Queue<Answer> answers = new ArrayDeque<>();
  private volatile String killedBecause;
  private String failureText;
  private boolean isDry;
  private SocketChannel requests;
  private SocketChannel responses;
  private FrameWriter writer;
  private AnswerWatch.Watched watched;

  private WorkerProcess(StageSpec spec, Waker waker, ILogger logger, Process process) {
    this.spec = spec;
    this.waker = waker;
    this.process = process;
    this.output = new WorkerOutput(spec.name(), process.getInputStream(), logger);
    this.outputThread = daemon(output, "dolphin-stage-" + spec.name() + "-output");
  }

  /**
   * Starts a worker without blocking; {@code title} is how it shows in {@code ps}. The future gives
   * a worker that has loaded its function, or fails with a {@link JetException} that says why it
   * could not; {@code waker} is woken either way.
   */
  static CompletableFuture<WorkerProcess> start(
      StageSpec spec, String title, Waker waker, ILogger logger) {
    return CompletableFuture.supplyAsync(
            () -> startBlocking(spec, title, waker, logger), SUPERVISORS)
        .whenComplete((worker, failure) -> waker.wake());
  }

  private static WorkerProcess startBlocking(
      StageSpec spec, String title, Waker waker, ILogger logger) {
    WorkerProcess worker = null;
    try {
      Path directory = Files.createTempDirectory("dolphin-stage-");
      Path socket = directory.resolve("s");
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(socket));
        Process process = WorkerConfig.command(spec, title, socket.toString()).start();
        worker = new WorkerProcess(spec, waker, logger, process);
        worker.outputThread.start();
        worker.connect(server);
      } finally {
        Files.deleteIfExists(socket);
        Files.deleteIfExists(directory);
      }
      return worker.configure();
    } catch (IOException | JetException failure) {
      if (worker == null) {
        throw new JetException("could not start: " + failure.getMessage(), failure);
      }
      worker.killIfAlive("it did not connect");
      worker.conclude();
      worker.disconnect();
      throw new JetException("could not start: " + worker.reason(), failure);
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
    writer = new FrameWriter(requests);
  }

  /** Tells the worker its function and waits until it has loaded it. */
  private WorkerProcess configure() throws IOException {
    writer.put(Frames.config(0, WorkerConfig.json(spec)));
    writer.flush();
    CompletableFuture<Void> limit =
        ready
            .orTimeout(START_LIMIT_S, TimeUnit.SECONDS)
            .handle(
                (loaded, late) -> {
                  if (late != null) {
                    kill("it was not ready within " + START_LIMIT_S + " s");
                  }
                  return null;
                });
    while (!ready.isDone() && read() >= 0) {
      // one more piece of what it has to say
    }
    limit.cancel(false);
    if (!ready.isDone() || ready.isCompletedExceptionally()) {
      throw new IOException("it closed its connection");
    }
    requests.configureBlocking(false);
    responses.configureBlocking(false);
    watched = AnswerWatch.register(responses, waker);
    CompletableFuture<Void> unused = process.onExit().thenRunAsync(this::conclude, SUPERVISORS);
    return this;
  }

  /** What the function can do. */
  Ready function() {
    return ready.join();
  }

  /** Takes a frame for sending; false while an earlier, larger one is still on its way. */
  boolean send(Outgoing frame) {
    return writer.put(frame);
  }

  /** Writes what the socket takes. A dead worker is no error here: {@link #isOver} tells. */
  void flush() {
    try {
      writer.flush();
    } catch (IOException gone) {
      kill("its socket broke: " + gone.getMessage());
    }
  }

  /** The next answer, or null if none has come. */
  Answer poll() {
    if (answers.isEmpty() && !isDry) {
      receive();
    }
    return answers.poll();
  }

  private void receive() {
    // asked before reading: nothing comes after the end
    boolean isGone = end.isDone();
    try {
      for (int reads = 0; reads < READS_PER_POLL && answers.isEmpty(); reads++) {
        int bytes = read();
        if (bytes < 0) {
          SUPERVISORS.execute(this::conclude);
        }
        if (bytes <= 0) {
          isDry = bytes < 0 || isGone;
          return;
        }
      }
    } catch (IOException | JetException broken) {
      isDry = true;
      kill("it broke the protocol: " + broken.getMessage());
    }
  }

  /** Takes the frames of one read; returns its bytes, -1 at the end of the connection. */
  private int read() throws IOException {
    int bytes = responses.read(buffer.clear());
    buffer.flip();
    for (ByteBuffer frame = reader.next(buffer); frame != null; frame = reader.next(buffer)) {
      take(Frames.answer(frame));
    }
    return bytes;
  }

  /** Has the Jet thread woken when there is something to poll. */
  void watch() {
    watched.arm();
  }

  /** Whether the worker is gone; what it had answered may still have to be polled. */
  boolean isGone() {
    return end.isDone();
  }

  /** Whether the worker is gone and every answer it gave has been polled. */
  boolean isOver() {
    return isDry && answers.isEmpty() && end.isDone();
  }

  /** Why the worker is gone, once it is. */
  String reason() {
    return failureText != null ? failureText : end.join();
  }

  /** Closes the connection; only for the thread that polls. */
  void disconnect() {
    if (watched != null) {
      watched.forget();
    }
    closeQuietly(requests);
    closeQuietly(responses);
  }

  /** Blocks until the worker is gone, at most {@code limitMs}; only for a thread that may wait. */
  void awaitEnd(long limitMs) {
    // a late end is no error: the guardian goes on killing
    end.completeOnTimeout("it is slow to end", limitMs, TimeUnit.MILLISECONDS).join();
  }

  /** Kills a worker that is still starting, as soon as it has started. */
  static void killOnceStarted(CompletableFuture<WorkerProcess> starting, String reason) {
    CompletableFuture<Void> unused =
        starting.thenAccept(
            worker -> {
              worker.kill(reason);
              worker.disconnect();
            });
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
    conclude();
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
    }
  }

  /** Waits for the process to be gone, finds out why it went, and has the Jet thread told. */
  private void conclude() {
    if (end.isDone()) {
      return;
    }
    awaitExit();
    closeQuietly(process.getOutputStream());
    try {
      outputThread.join(LOG_WAIT_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    String printed = output.tail();
    String reason = killedBecause != null ? killedBecause : exitReason();
    end.complete(printed.isEmpty() ? reason : reason + "\nlast output:\n" + printed);
    waker.wake();
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
