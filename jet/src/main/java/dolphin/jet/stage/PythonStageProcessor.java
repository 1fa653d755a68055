package dolphin.jet.stage;

import com.hazelcast.cluster.Address;
import com.hazelcast.jet.JetException;
import com.hazelcast.jet.core.BroadcastKey;
import com.hazelcast.jet.core.Inbox;
import com.hazelcast.jet.core.Outbox;
import com.hazelcast.jet.core.Processor;
import com.hazelcast.jet.core.Watermark;
import com.hazelcast.jet.core.metrics.Metric;
import com.hazelcast.jet.core.metrics.Metrics;
import com.hazelcast.logging.ILogger;
import dolphin.jet.stage.Frames.Answer;
import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.stage.Frames.Part;
import dolphin.jet.stage.Frames.Ready;
import dolphin.jet.stage.Frames.Result;
import dolphin.jet.stage.Frames.State;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import dolphin.jet.wire.Waker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The cooperative processor of a Python stage: one worker, never waited for.
 *
 * <p>Every processing method turns the same crank ({@link #turn}): take answers, notice a dead or
 * silent worker, send what fits, emit what is done. Having asked, it looks for the answer a little
 * while ({@link SpinRule}); then the Jet thread is free, and woken when there is one ({@link
 * AnswerWatch}). What must survive a worker is in the {@link RequestLog}; when to try again is the
 * {@link FailureBudget}'s.
 *
 * <p>A dead worker is replaced here, without Jet's help: the job does not restart, its source is
 * not read again and nothing downstream sees a duplicate. Only when the budget is spent does the
 * processor throw, and Jet fails or suspends the job.
 */
final class PythonStageProcessor implements Processor, RequestLog.Emitter {

  /** Most rows put into one request. */
  static final int ROWS_PER_REQUEST = 1024;

  private static final String UNKEYED = "";
  private static final int ROW_BYTES_PER_REQUEST = 1 << 20;
  private static final String CLOSED = "its stage was closed";
  private static final long CLOSE_WAIT_MS = 2_000;

  private enum SnapshotStep {
    NONE,
    ASKED,
    SAVING
  }

  private final StageSpec spec;
  private final Function<String, Metric> metric;
  private final RequestLog log;
  private final FailureBudget budget;
  private final SpinRule spin = new SpinRule();
  private final Waker waker = new Waker();
  private final Map<Integer, int[]> ordinalsOfEdges = new HashMap<>();
  private final Deque<Outgoing> preamble = new ArrayDeque<>();
  private Outbox outbox;
  private ILogger logger;
  private String title;
  private StageMetrics metrics;
  private CompletableFuture<WorkerProcess> starting;
  private WorkerProcess worker;
  private boolean isQuiet;
  private long nextStartNs;
  private long headSinceNs;
  private long watermarkNs = Long.MIN_VALUE;
  private SnapshotStep snapshotStep = SnapshotStep.NONE;
  private Iterator<Map.Entry<String, byte[]>> toSave;
  private Map.Entry<String, byte[]> saving;

  PythonStageProcessor(StageSpec spec) {
    this(spec, Metrics::metric);
  }

  PythonStageProcessor(StageSpec spec, Function<String, Metric> metric) {
    this.spec = spec;
    this.metric = metric;
    this.log = new RequestLog(spec.maxInFlight());
    this.budget = new FailureBudget(spec.maxFailures());
  }

  @Override
  public void init(Outbox stageOutbox, Context context) {
    if (stageOutbox.bucketCount() != spec.outputs().size()) {
      throw new JetException(
          "outputs = %d: the stage %s has %d outgoing edges. Declare one output for each"
              .formatted(spec.outputs().size(), spec.name(), stageOutbox.bucketCount()));
    }
    outbox = stageOutbox;
    logger = context.logger();
    title = title(context);
    starting = WorkerProcess.start(spec, title, waker, logger);
  }

  /** How the worker shows among the processes of its machine: job, stage, member. */
  private String title(Context context) {
    String job = context.jobConfig().getName() == null ? "-" : context.jobConfig().getName();
    Address member = context.hazelcastInstance().getCluster().getLocalMember().getAddress();
    return "%s/%s@%s:%d".formatted(job, spec.name(), member.getHost(), member.getPort());
  }

  @Override
  public void process(int ordinal, Inbox inbox) {
    boolean canEmit = turn();
    while (!inbox.isEmpty() && log.hasRoom()) {
      append(inbox);
      if (log.isCheckpointDue()) {
        log.appendSnapshot();
      }
    }
    ask(canEmit);
  }

  @Override
  public boolean tryProcess() {
    return turn();
  }

  @Override
  public boolean tryProcessWatermark(Watermark watermark) {
    if (!turn() || !log.hasRoom()) {
      return false;
    }
    watermarkNs = watermark.timestamp();
    log.append(watermark, System.nanoTime());
    ask(true);
    return true;
  }

  @Override
  public boolean complete() {
    return turn() && log.isDrained();
  }

  @Override
  public boolean saveToSnapshot() {
    if (snapshotStep != SnapshotStep.SAVING) {
      if (!turn() || !log.isDrained() || !log.isFunctionKnown()) {
        return false;
      }
      if (!log.isStateful()) {
        return true;
      }
      if (snapshotStep == SnapshotStep.NONE && log.kept() > 0) {
        log.appendSnapshot();
        speak(System.nanoTime());
        snapshotStep = SnapshotStep.ASKED;
        return false;
      }
      toSave = log.state().entrySet().iterator();
      snapshotStep = SnapshotStep.SAVING;
    }
    return offerState();
  }

  private boolean offerState() {
    while (saving != null || toSave.hasNext()) {
      if (saving == null) {
        saving = toSave.next();
      }
      // the same key as the items', so that Jet brings both to the same processor
      Object key = spec.keyed() ? saving.getKey() : BroadcastKey.broadcastKey(saving.getKey());
      if (!outbox.offerToSnapshot(key, saving.getValue())) {
        return false;
      }
      saving = null;
    }
    snapshotStep = SnapshotStep.NONE;
    return true;
  }

  @Override
  public void restoreFromSnapshot(Inbox inbox) {
    for (Object item = inbox.poll(); item != null; item = inbox.poll()) {
      Map.Entry<?, ?> entry = (Map.Entry<?, ?>) item;
      Object key = entry.getKey() instanceof BroadcastKey<?> all ? all.key() : entry.getKey();
      log.restore((String) key, (byte[]) entry.getValue());
    }
  }

  @Override
  public void close() {
    if (starting != null) {
      WorkerProcess.killOnceStarted(starting, CLOSED);
    }
    if (worker != null) {
      worker.kill(CLOSED);
      worker.awaitEnd(CLOSE_WAIT_MS);
      worker.disconnect();
    }
  }

  /** One turn of the crank; returns whether the outbox took all that is ready. */
  private boolean turn() {
    waker.attach();
    if (metrics == null) {
      metrics = new StageMetrics(metric);
    }
    long nowNs = System.nanoTime();
    boolean wasQuiet = isQuiet;
    isQuiet = true;
    if (worker == null) {
      tryStart(nowNs);
    } else {
      isQuiet = !listen(nowNs);
    }
    speak(nowNs);
    metrics.publish(log.inFlight(), nowNs);
    if (wasQuiet && isQuiet) {
      watch(); // Jet is about to let its thread sleep
    }
    return log.emit(this);
  }

  /**
   * Sends what has been appended and, if that is likely to be short, waits for the first answer.
   */
  private void ask(boolean canEmit) {
    long askedNs = System.nanoTime();
    speak(askedNs);
    if (worker == null || !canEmit || !log.isAwaiting()) {
      return;
    }
    if (spin.isWorthwhile() && isAnsweredSoon(askedNs)) {
      log.emit(this);
    } else {
      watch();
    }
  }

  private void watch() {
    if (worker != null && log.isAwaiting()) {
      worker.watch();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // the worker may be waiting for this very core
  private boolean isAnsweredSoon(long askedNs) {
    for (long nowNs = askedNs; nowNs - askedNs < SpinRule.LIMIT_NS; nowNs = System.nanoTime()) {
      if (listen(nowNs)) {
        spin.onAnswer();
        return true;
      }
      Thread.yield();
    }
    spin.onTimeout();
    return false;
  }

  private void tryStart(long nowNs) {
    if (starting == null && nowNs - nextStartNs >= 0) {
      metrics.onRestart();
      starting = WorkerProcess.start(spec, title, waker, logger);
    }
    if (starting == null || !starting.isDone()) {
      return;
    }
    CompletableFuture<WorkerProcess> started = starting;
    starting = null;
    try {
      worker = started.join();
    } catch (CompletionException failed) {
      fail(failed.getCause().getMessage(), nowNs);
      return;
    }
    Ready function = worker.function();
    preamble.clear();
    log.beginSession(function.isStateful(), function.hasWatermark())
        .forEach((key, state) -> preamble.add(Frames.restore(key, state)));
  }

  /** Takes what the worker has answered; returns whether there was anything. */
  private boolean listen(long nowNs) {
    boolean isNews = false;
    if (log.isAwaiting() || worker.isGone()) {
      for (Answer answer = worker.poll(); answer != null; answer = worker.poll()) {
        headSinceNs = nowNs;
        take(answer, nowNs);
        isNews = true;
      }
    }
    if (worker.isOver()) {
      String reason = worker.reason();
      worker.disconnect();
      worker = null;
      fail(reason, nowNs);
      return true;
    }
    if (log.isAwaiting() && nowNs - headSinceNs > spec.batchDeadline().toNanos()) {
      worker.dumpAndKill(
          "no answer within the deadline of " + spec.batchDeadline().toMillis() + " ms");
    }
    return isNews;
  }

  private void take(Answer answer, long nowNs) {
    if (answer instanceof Result result) {
      long appendedNs = log.onResult(result.seq(), result.items());
      if (appendedNs != RequestLog.OLD_NEWS) {
        budget.onProgress();
        metrics.onResult(result.rowsIn(), nowNs - appendedNs);
      }
    } else if (answer instanceof Part part) {
      log.onPart(part.seq(), part.items());
    } else if (answer instanceof State state) {
      log.onState(state.seq(), state.entries());
    }
  }

  private void speak(long nowNs) {
    if (worker == null) {
      return;
    }
    while (!preamble.isEmpty() && worker.send(preamble.peek())) {
      preamble.remove();
    }
    boolean wasAwaiting = log.isAwaiting();
    for (Outgoing next = log.peekUnsent();
        preamble.isEmpty() && next != null && worker.send(next); ) {
      log.markSent();
      next = log.peekUnsent();
    }
    if (!wasAwaiting) {
      headSinceNs = nowNs;
    }
    worker.flush();
  }

  private void fail(String reason, long nowNs) {
    metrics.onFailure();
    nextStartNs = budget.onFailure(nowNs);
    if (budget.isSpent()) {
      throw new JetException(
          "Python stage %s failed %d times in a row. The last time: %s"
              .formatted(spec.name(), budget.failuresInRow(), reason));
    }
    logger.warning(
        "Python stage %s failed (%d of %d in a row), its worker is started again: %s"
            .formatted(spec.name(), budget.failuresInRow(), spec.maxFailures(), reason));
  }

  private void append(Inbox inbox) {
    Object item = inbox.peek();
    if (item instanceof Batch batch) {
      checkSize(batch.arrow().length);
      log.append(batch, System.nanoTime());
      inbox.remove();
    } else if (item instanceof Row row) {
      appendRows(inbox, spec.keyed() ? row.key() : UNKEYED);
    } else {
      throw new JetException("the stage " + spec.name() + ": " + PythonStage.notAnItem(item));
    }
  }

  /** A run of rows for one instance becomes one request. */
  private void appendRows(Inbox inbox, String instanceKey) {
    List<Row> rows = new ArrayList<>();
    int bytes = 0;
    while (rows.size() < ROWS_PER_REQUEST
        && bytes < ROW_BYTES_PER_REQUEST
        && inbox.peek() instanceof Row row
        && (!spec.keyed() || row.key().equals(instanceKey))) {
      checkSize(row.value().length);
      bytes += row.value().length;
      rows.add(row);
      inbox.remove();
    }
    log.append(watermarkNs, instanceKey, rows, System.nanoTime());
  }

  private void checkSize(int bytes) {
    if (bytes > spec.maxBatchBytes()) {
      throw new JetException(
          "maxBatchBytes = %d: the stage %s was given an item of %d bytes. Raise the limit or publish smaller batches"
              .formatted(spec.maxBatchBytes(), spec.name(), bytes));
    }
  }

  @Override
  public boolean offer(int edges, Object item) {
    return outbox.offer(
        ordinalsOfEdges.computeIfAbsent(edges, PythonStageProcessor::ordinals), item);
  }

  @Override
  public boolean offer(Watermark watermark) {
    return outbox.offer(watermark);
  }

  private static int[] ordinals(int edges) {
    return IntStream.range(0, StageSpec.LIMIT_OUTPUTS).filter(i -> (edges >> i & 1) == 1).toArray();
  }
}
