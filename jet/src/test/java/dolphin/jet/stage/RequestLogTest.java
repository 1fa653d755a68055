package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.jet.JetException;
import com.hazelcast.jet.core.Watermark;
import dolphin.jet.stage.Frames.Emission;
import dolphin.jet.stage.Frames.Outgoing;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A dead worker costs nothing but time: what is kept, sent again, dropped and emitted. */
class RequestLogTest {

  private static final int IN_FLIGHT = 8;

  /** Takes what is emitted; may refuse. */
  private static final class Emitted implements RequestLog.Emitter {
    final List<Object> items = new ArrayList<>();
    int room = Integer.MAX_VALUE;

    @Override
    public boolean offer(int edges, Object item) {
      return take(((Row) item).key());
    }

    @Override
    public boolean offer(Watermark watermark) {
      return take(watermark.timestamp());
    }

    private boolean take(Object item) {
      if (room == 0) {
        return false;
      }
      room--;
      items.add(item);
      return true;
    }
  }

  private final RequestLog log = new RequestLog(IN_FLIGHT);
  private final Emitted emitted = new Emitted();

  @Test
  void nothingIsSentOrEmittedBeforeTheFunctionIsKnown() {
    log.append(batch(), 0);
    log.append(new Watermark(5), 0);
    assertNull(log.peekUnsent());
    assertTrue(log.emit(emitted));
    assertEquals(List.of(), emitted.items);
    log.beginSession(false, false);
    assertEquals(List.of(Frames.BATCH), sendAll());
  }

  @Test
  void aWatermarkWaitsForEverythingBeforeIt() {
    log.beginSession(false, false);
    log.append(batch(), 0);
    log.append(new Watermark(5), 0);
    log.append(batch(), 0);
    sendAll();
    log.emit(emitted);
    assertEquals(List.of(), emitted.items);
    log.onResult(1, rows("a"));
    log.emit(emitted);
    assertEquals(List.of("a", 5L), emitted.items);
    assertFalse(log.isDrained());
  }

  @Test
  void aFunctionWithWatermarksIsAskedAndAnswersBeforeTheWatermarkLeaves() {
    log.beginSession(true, true);
    log.append(new Watermark(5), 0);
    assertEquals(List.of(Frames.WATERMARK), sendAll());
    log.emit(emitted);
    assertEquals(List.of(), emitted.items);
    log.onResult(1, rows("w"));
    log.emit(emitted);
    assertEquals(List.of("w", 5L), emitted.items);
  }

  @Test
  void aStatelessWorkerIsAskedAgainOnlyWhatItHadNotAnswered() {
    log.beginSession(false, false);
    for (int i = 0; i < 3; i++) {
      log.append(batch(), 0);
    }
    sendAll();
    log.onResult(1, rows("a"));
    log.beginSession(false, false);
    assertEquals(List.of(Frames.BATCH, Frames.BATCH), sendAll());
    log.onResult(2, rows("b"));
    log.onResult(3, rows("c"));
    log.emit(emitted);
    assertEquals(List.of("a", "b", "c"), emitted.items);
    assertEquals(0, log.kept());
  }

  @Test
  void aStatefulWorkerIsToldEverythingSinceTheCheckpointAndOldAnswersAreDropped() {
    log.beginSession(true, false);
    log.append(batch(), 0);
    log.append(batch(), 0);
    log.appendSnapshot();
    log.append(batch(), 7);
    sendAll();
    log.onResult(1, rows("a"));
    log.onResult(2, rows("b"));
    log.onState(3, Map.of("k", new byte[] {2}));
    log.onResult(4, rows("c"));
    log.emit(emitted);

    Map<String, byte[]> state = log.beginSession(true, false);
    assertEquals(2, state.get("k")[0]);
    assertEquals(List.of(Frames.BATCH), sendAll());
    assertEquals(RequestLog.OLD_NEWS, log.onResult(4, rows("c again")));
    log.append(batch(), 9);
    sendAll();
    assertEquals(9, log.onResult(5, rows("d")));
    log.emit(emitted);
    assertEquals(List.of("a", "b", "c", "d"), emitted.items);
  }

  @Test
  void aPartLeavesBeforeTheRestOfItsResultButNotBeforeEarlierResults() {
    log.beginSession(false, false);
    log.append(batch(), 0);
    log.append(new Watermark(5), 0);
    log.append(batch(), 0);
    sendAll();
    log.onPart(1, rows("a"));
    log.emit(emitted);
    assertEquals(List.of("a"), emitted.items);
    log.onPart(1, rows("b"));
    log.onResult(1, rows("c"));
    log.onPart(3, rows("d"));
    log.emit(emitted);
    assertEquals(List.of("a", "b", "c", 5L, "d"), emitted.items);
    assertFalse(log.isDrained());
    assertEquals(0, log.onResult(3, List.of()));
    log.emit(emitted);
    assertEquals(List.of("a", "b", "c", 5L, "d"), emitted.items);
    assertTrue(log.isDrained());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWorkerThatDiesAfterAPartCostsNoItemAndRepeatsNone(boolean isStateful) {
    log.beginSession(isStateful, false);
    log.append(batch(), 0);
    log.append(batch(), 0);
    sendAll();
    log.onResult(1, rows("a"));
    log.onPart(2, rows("b", "c"));
    emitted.room = 2;
    log.emit(emitted);
    assertEquals(List.of("a", "b"), emitted.items);

    emitted.room = Integer.MAX_VALUE;
    log.beginSession(isStateful, false);
    sendAll();
    if (isStateful) {
      log.onPart(1, rows("a again"));
      assertEquals(RequestLog.OLD_NEWS, log.onResult(1, rows()));
    }
    log.onPart(2, rows("b"));
    log.emit(emitted);
    log.onResult(2, rows("c", "d"));
    log.emit(emitted);
    assertEquals(List.of("a", "b", "c", "d"), emitted.items);
  }

  @Test
  void aRefusedItemComesFirstNextTimeAndNothingComesTwice() {
    log.beginSession(false, false);
    log.append(batch(), 0);
    log.append(new Watermark(5), 0);
    sendAll();
    log.onResult(1, rows("a", "b"));
    emitted.room = 1;
    assertFalse(log.emit(emitted));
    emitted.room = 1;
    assertFalse(log.emit(emitted));
    emitted.room = 1;
    assertTrue(log.emit(emitted));
    assertEquals(List.of("a", "b", 5L), emitted.items);
  }

  @Test
  void whatIsInFlightIsBoundedInNumberAndInBytes() {
    log.beginSession(false, false);
    for (int i = 0; i < IN_FLIGHT; i++) {
      assertTrue(log.hasRoom());
      log.append(batch(), 0);
    }
    assertFalse(log.hasRoom());
    RequestLog large = new RequestLog(IN_FLIGHT);
    large.append(new Batch("", 0, new byte[(int) RequestLog.MAX_IN_FLIGHT_BYTES]), 0);
    assertFalse(large.hasRoom());
  }

  @Test
  void aCheckpointIsDueByNumberAndOnlyOneIsAsked() {
    log.beginSession(true, false);
    for (int i = 0; i <= RequestLog.CHECKPOINT_REQUESTS; i++) {
      assertFalse(log.isCheckpointDue());
      log.append(batch(), 0);
      sendAll();
      log.onResult(i + 1, List.of());
    }
    assertTrue(log.isCheckpointDue());
    log.appendSnapshot();
    assertFalse(log.isCheckpointDue());
    sendAll();
    log.onState(RequestLog.CHECKPOINT_REQUESTS + 2, Map.of());
    assertFalse(log.isCheckpointDue());
    assertEquals(0, log.kept());
  }

  @Test
  void anAnswerOutOfTurnIsRefused() {
    log.beginSession(false, false);
    assertThrows(JetException.class, () -> log.onResult(1, List.of()));
    log.append(batch(), 0);
    sendAll();
    assertThrows(JetException.class, () -> log.onResult(2, List.of()));
    assertThrows(JetException.class, () -> log.onPart(1, List.of()));
  }

  /**
   * Against a model: a worker that counts, killed at random, answering at random. The outputs must
   * be those of a worker that never died.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void resultsAreThoseOfAWorkerThatNeverDied(long seed) {
    Random random = new Random(seed);
    int batches = 0;
    CountingWorker worker = new CountingWorker(log.beginSession(true, false), random);
    List<Object> expected = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      switch (random.nextInt(8)) {
        case 0 -> {
          if (log.hasRoom()) {
            log.append(batch(), 0);
            expected.addAll(List.of("" + ++batches, batches + "'"));
          }
        }
        case 1 -> {
          if (log.hasRoom()) {
            log.append(new Watermark(step), 0);
            expected.add((long) step);
          }
        }
        case 2 -> {
          if (random.nextInt(20) == 0) {
            log.appendSnapshot();
          }
        }
        case 3 -> {
          if (random.nextInt(20) == 0) {
            worker = new CountingWorker(log.beginSession(true, false), random);
          }
        }
        case 4, 5 -> {
          Outgoing next = log.peekUnsent();
          if (next != null) {
            worker.inbox.add(next);
            log.markSent();
          }
        }
        case 6 -> worker.answerOne(log);
        default -> {
          emitted.room = random.nextInt(4);
          log.emit(emitted);
        }
      }
    }
    emitted.room = Integer.MAX_VALUE;
    while (!log.isDrained()) {
      for (Outgoing next = log.peekUnsent(); next != null; next = log.peekUnsent()) {
        worker.inbox.add(next);
        log.markSent();
      }
      worker.answerOne(log);
      log.emit(emitted);
    }
    assertEquals(expected, emitted.items);
  }

  /**
   * Counts the batches it was given; the count is its state and, twice, its answer: whole or in
   * two.
   */
  private static final class CountingWorker {
    final List<Outgoing> inbox = new ArrayList<>();
    private final Random random;
    private int count;
    private boolean isHalfAnswered;

    CountingWorker(Map<String, byte[]> state, Random random) {
      this.random = random;
      byte[] restored = state.get("");
      count = restored == null ? 0 : java.nio.ByteBuffer.wrap(restored).getInt();
    }

    void answerOne(RequestLog log) {
      if (inbox.isEmpty()) {
        return;
      }
      Outgoing request = inbox.get(0);
      long seq = seq(request);
      if (type(request) == Frames.BATCH && !isHalfAnswered && random.nextBoolean()) {
        count++;
        log.onPart(seq, rows("" + count));
        isHalfAnswered = true;
        return;
      }
      inbox.remove(0);
      if (type(request) == Frames.SNAPSHOT) {
        Map<String, byte[]> state = new TreeMap<>();
        state.put("", java.nio.ByteBuffer.allocate(4).putInt(count).array());
        log.onState(seq, state);
      } else {
        if (!isHalfAnswered) {
          count++;
        }
        log.onResult(seq, isHalfAnswered ? rows(count + "'") : rows("" + count, count + "'"));
        isHalfAnswered = false;
      }
    }
  }

  private List<Byte> sendAll() {
    List<Byte> sent = new ArrayList<>();
    for (Outgoing next = log.peekUnsent(); next != null; next = log.peekUnsent()) {
      sent.add(type(next));
      log.markSent();
    }
    return sent;
  }

  private static byte type(Outgoing frame) {
    return frame.head()[4];
  }

  private static long seq(Outgoing frame) {
    return StageMember.number(java.util.Arrays.copyOfRange(frame.head(), 5, 13));
  }

  private static Batch batch() {
    return new Batch("", 0, new byte[] {1});
  }

  private static List<Emission> rows(String... keys) {
    List<Emission> emissions = new ArrayList<>();
    for (String key : keys) {
      emissions.add(new Emission(1, new Row(key, new byte[0])));
    }
    return emissions;
  }
}
