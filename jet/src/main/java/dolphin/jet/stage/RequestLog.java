package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import com.hazelcast.jet.core.Watermark;
import dolphin.jet.stage.Frames.Emission;
import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a stage has asked its worker and not yet forgotten: the reason a dead worker costs nothing
 * but time.
 *
 * <p>Requests are numbered and pass three marks in order: sent, answered, emitted. A request is
 * forgotten when it has been emitted and, for a function with state, the worker has given a
 * snapshot taken after it (a <em>checkpoint</em>). When a worker dies, the next one gets the state
 * of the last checkpoint and every request since; answers to requests that had been answered before
 * are dropped, and of a result of which a part had left only the rest leaves: each request's
 * results leave exactly once.
 *
 * <p>Pure: no I/O, no clock, no threads. Bounded: at most {@code maxInFlight} requests and {@link
 * #MAX_IN_FLIGHT_BYTES} not emitted (one request may exceed the bytes alone), and a checkpoint is
 * asked for when more than {@link #CHECKPOINT_REQUESTS} or the greater of {@link #CHECKPOINT_BYTES}
 * and {@link #CHECKPOINT_STATES} times the state's size are kept.
 */
final class RequestLog {

  static final long MAX_IN_FLIGHT_BYTES = 64L << 20;
  static final int CHECKPOINT_REQUESTS = 1024;
  static final long CHECKPOINT_BYTES = 16L << 20;
  static final int CHECKPOINT_STATES = 4;

  /** No time of this machine. */
  static final long OLD_NEWS = Long.MIN_VALUE;

  /** A request and how far it has come. */
  private static final class Request {
    final long seq;
    final byte type;
    final Outgoing frame;
    final Watermark watermark;
    final long appendedNs;
    List<Emission> results = List.of();
    int emitted;

    Request(long seq, byte type, Outgoing frame, Watermark watermark, long appendedNs) {
      this.seq = seq;
      this.type = type;
      this.frame = frame;
      this.watermark = watermark;
      this.appendedNs = appendedNs;
    }
  }

  private final int maxInFlight;
  private final ArrayDeque<Request> kept = new ArrayDeque<>();
  private final ArrayDeque<Request> toEmit = new ArrayDeque<>();
  private final ArrayDeque<Request> toSend = new ArrayDeque<>();
  private final ArrayDeque<Request> awaited = new ArrayDeque<>();
  private Map<String, byte[]> state = new TreeMap<>();
  private boolean isFunctionKnown;
  private boolean isStateful;
  private boolean hasWatermark;
  private long nextSeq = 1;
  private long answeredThrough;
  private long inFlightBytes;
  private long keptBytes;
  private long stateBytes;
  private boolean isCheckpointAsked;

  /** What the worker has answered of the request it is at. */
  private List<Emission> part = List.of();

  RequestLog(int maxInFlight) {
    this.maxInFlight = maxInFlight;
  }

  /** Gives the state of one key, before the first request. */
  void restore(String key, byte[] keyState) {
    state.put(key, keyState);
    stateBytes += keyState.length;
  }

  /** A new worker is ready: what it must be told before the requests. */
  Map<String, byte[]> beginSession(boolean functionIsStateful, boolean functionHasWatermark) {
    isFunctionKnown = true;
    isStateful = functionIsStateful;
    hasWatermark = functionHasWatermark;
    toSend.clear();
    awaited.clear();
    part = List.of();
    for (Request request : kept) {
      boolean isOpen = isStateful || request.seq > answeredThrough;
      if (isOpen && isForWorker(request)) {
        toSend.add(request);
      }
    }
    return state;
  }

  /** Whether another item may be appended now. */
  boolean hasRoom() {
    return toEmit.size() < maxInFlight && inFlightBytes < MAX_IN_FLIGHT_BYTES;
  }

  void append(Batch batch, long nowNs) {
    append(Frames.BATCH, Frames.batch(nextSeq, batch), null, nowNs);
  }

  void append(long timeNs, String instanceKey, List<Row> rows, long nowNs) {
    append(Frames.ROWS, Frames.rows(nextSeq, timeNs, instanceKey, rows), null, nowNs);
  }

  void append(Watermark watermark, long nowNs) {
    append(Frames.WATERMARK, Frames.watermark(nextSeq, watermark.timestamp()), watermark, nowNs);
  }

  /** Asks the worker for its state as of everything appended before. */
  void appendSnapshot() {
    isCheckpointAsked = true;
    append(Frames.SNAPSHOT, Frames.snapshot(nextSeq), null, 0);
  }

  private void append(byte type, Outgoing frame, Watermark watermark, long nowNs) {
    Request request = new Request(nextSeq++, type, frame, watermark, nowNs);
    kept.add(request);
    toEmit.add(request);
    keptBytes += frame.bytes();
    inFlightBytes += frame.bytes();
    if (isFunctionKnown && isForWorker(request)) {
      toSend.add(request);
    }
  }

  private boolean isForWorker(Request request) {
    return request.type != Frames.WATERMARK || hasWatermark;
  }

  /** Whether it is time to append a checkpoint of the log's own. */
  boolean isCheckpointDue() {
    return isStateful
        && !isCheckpointAsked
        && (kept.size() > CHECKPOINT_REQUESTS
            || keptBytes > Math.max(CHECKPOINT_BYTES, CHECKPOINT_STATES * stateBytes));
  }

  /** The next frame to send, or null. */
  Outgoing peekUnsent() {
    Request next = toSend.peek();
    return next == null ? null : next.frame;
  }

  /** The frame last peeked has been given to the socket. */
  void markSent() {
    awaited.add(toSend.remove());
  }

  /** Whether the worker owes an answer. */
  boolean isAwaiting() {
    return !awaited.isEmpty();
  }

  /**
   * Takes the first items of the next result, which may leave before the rest. If the worker dies
   * in between, the next one begins the same result anew, and what has left does not leave again.
   */
  void onPart(long seq, List<Emission> items) {
    Request request = due(awaited.peek(), seq);
    if (seq > answeredThrough) {
      part = joined(part, items);
      request.results = part;
    }
  }

  /**
   * Takes a result, or what is left of it after its parts.
   *
   * @return when the request was appended, or {@link #OLD_NEWS} if an earlier worker had answered
   *     it already
   */
  long onResult(long seq, List<Emission> results) {
    Request request = due(awaited.poll(), seq);
    if (seq <= answeredThrough) {
      return OLD_NEWS;
    }
    answeredThrough = seq;
    request.results = joined(part, results);
    part = List.of();
    return request.appendedNs;
  }

  /** Takes a state: everything before it can be forgotten once emitted. */
  void onState(long seq, Map<String, byte[]> entries) {
    Request request = due(awaited.poll(), seq);
    answeredThrough = Math.max(answeredThrough, seq);
    state = new TreeMap<>(entries);
    stateBytes = 0;
    for (byte[] entry : entries.values()) {
      stateBytes += entry.length;
    }
    isCheckpointAsked = false;
    forgetThrough(request.seq);
  }

  private static List<Emission> joined(List<Emission> first, List<Emission> second) {
    if (first.isEmpty()) {
      return second;
    }
    List<Emission> both = new ArrayList<>(first);
    both.addAll(second);
    return both;
  }

  private static Request due(Request request, long seq) {
    if (request == null || request.seq != seq) {
      throw new JetException(
          "the worker answered request "
              + seq
              + " when "
              + (request == null ? "nothing" : request.seq)
              + " was due");
    }
    return request;
  }

  private void forgetThrough(long seq) {
    while (!kept.isEmpty() && kept.peek().seq <= seq) {
      keptBytes -= kept.remove().frame.bytes();
    }
  }

  /** Whether a worker has ever said what the function can do. */
  boolean isFunctionKnown() {
    return isFunctionKnown;
  }

  boolean isStateful() {
    return isStateful;
  }

  /** The state of the last checkpoint. */
  Map<String, byte[]> state() {
    return state;
  }

  /** Receives what is to be emitted; returns false if it must be offered again later. */
  interface Emitter {
    boolean offer(int edges, Object item);

    boolean offer(Watermark watermark);
  }

  /**
   * Emits what has been answered, in order.
   *
   * @return false if the emitter refused; the same item comes first next time
   */
  boolean emit(Emitter emitter) {
    for (Request head = toEmit.peek(); head != null; head = toEmit.peek()) {
      while (head.emitted < head.results.size()) {
        Emission emission = head.results.get(head.emitted);
        if (!emitter.offer(emission.edges(), emission.item())) {
          return false;
        }
        head.emitted++;
      }
      if (!isDone(head)) {
        return true;
      }
      if (head.watermark != null && !emitter.offer(head.watermark)) {
        return false;
      }
      toEmit.remove();
      head.results = List.of();
      inFlightBytes -= head.frame.bytes();
      if (!isStateful) {
        forgetThrough(head.seq);
      }
    }
    return true;
  }

  /** A watermark that is not for the worker is answered as soon as it comes first. */
  private boolean isDone(Request request) {
    return request.seq <= answeredThrough || (isFunctionKnown && !isForWorker(request));
  }

  /** Whether everything appended has been emitted. */
  boolean isDrained() {
    return toEmit.isEmpty();
  }

  /** Requests not yet emitted. */
  int inFlight() {
    return toEmit.size();
  }

  /** Requests kept for a worker that may have to be restarted. */
  int kept() {
    return kept.size();
  }
}
