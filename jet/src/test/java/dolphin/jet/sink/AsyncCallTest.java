package dolphin.jet.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.jet.RestartableException;
import com.hazelcast.jet.core.Watermark;
import com.hazelcast.jet.core.test.TestInbox;
import com.hazelcast.jet.core.test.TestOutbox;
import com.hazelcast.jet.core.test.TestProcessorContext;
import com.hazelcast.jet.core.test.TestSupport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AsyncCallTest {

  /** Answers an item with its negative, when told to. */
  private static final class Held implements Call {
    final List<CompletableFuture<Object>> futures = new ArrayList<>();

    /** Texts with the same first letter have the same key. */
    @Override
    public Object key(Object item) {
      return item instanceof String text ? text.charAt(0) : null;
    }

    @Override
    public CompletionStage<?> start(Object item) {
      CompletableFuture<Object> future = new CompletableFuture<>();
      futures.add(future);
      return future;
    }

    @Override
    public Object answer(Object item, Object result) {
      return result;
    }
  }

  private final Held held = new Held();
  private final TestOutbox outbox = new TestOutbox(10_000);
  private final TestInbox inbox = new TestInbox();
  private final AsyncCall processor = new AsyncCall(member -> held);

  @BeforeEach
  void init() throws Exception {
    processor.init(outbox, new TestProcessorContext());
  }

  @Test
  void answersKeepTheOrderOfTheItemsWhateverFinishesFirst() {
    process(1, 2, 3);
    held.futures.get(2).complete("c");
    held.futures.get(0).complete("a");
    assertEquals(List.of("a"), emitted());
    held.futures.get(1).complete("b");
    assertEquals(List.of("b", "c"), emitted());
  }

  @Test
  void aWatermarkWaitsForTheCallsBeforeItAndNotForThoseAfter() {
    process(1);
    assertTrue(processor.tryProcessWatermark(new Watermark(10)));
    process(2);
    assertTrue(processor.tryProcessWatermark(new Watermark(20)));
    assertEquals(List.of(), emitted());
    held.futures.get(0).complete(null);
    assertEquals(List.of(new Watermark(10)), emitted());
    held.futures.get(1).complete("b");
    assertEquals(List.of("b", new Watermark(20)), emitted());
  }

  @Test
  void atMostSoManyCallsAreUnderWay() {
    int most = AsyncCall.MAX_IN_FLIGHT;
    IntStream.rangeClosed(0, most).forEach(inbox.queue()::add);
    processor.process(0, inbox);
    assertEquals(most, held.futures.size());
    assertEquals(1, inbox.size());
    held.futures.get(0).complete(null);
    processor.tryProcess();
    processor.process(0, inbox);
    assertEquals(most + 1, held.futures.size());
  }

  @Test
  void aSnapshotWaitsForEveryCall() {
    process(1);
    assertFalse(processor.saveToSnapshot());
    held.futures.get(0).complete("a");
    assertTrue(processor.saveToSnapshot());
    assertEquals(List.of("a"), drained());
  }

  @Test
  void callsWithTheSameKeyAreMadeOneAfterTheOther() {
    process("a1", "a2", "b1", "a3");
    assertEquals(2, held.futures.size(), "a1 and b1");
    held.futures.get(1).complete("b1");
    processor.tryProcess();
    assertEquals(2, held.futures.size(), "b1 is no reason to start a2");
    held.futures.get(0).complete("a1");
    processor.tryProcess();
    assertEquals(3, held.futures.size(), "a2");
    held.futures.get(2).complete("a2");
    processor.tryProcess();
    held.futures.get(3).complete("a3");
    processor.tryProcess();
    assertEquals(List.of("a1", "a2", "b1", "a3"), drained());
  }

  @Test
  void nothingFollowsAFailedCallOfItsKey() {
    process(1, "a1", "a2");
    held.futures.get(1).completeExceptionally(new IllegalStateException("no"));
    processor.tryProcess();
    assertEquals(2, held.futures.size());
  }

  @Test
  void closingWaitsForTheCallsUnderWay() throws Exception {
    process("a1", "a2");
    Thread closer = new Thread(this::close);
    closer.start();
    while (closer.getState() != Thread.State.TIMED_WAITING && closer.isAlive()) {
      Thread.onSpinWait();
    }
    assertTrue(closer.isAlive());
    held.futures.get(0).complete("a1");
    closer.join();
    assertEquals(1, held.futures.size(), "and starts no other");
  }

  private void close() {
    try {
      processor.close();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFailedCallFailsTheJob() {
    process(1);
    held.futures.get(0).completeExceptionally(new IllegalStateException("no"));
    assertThrows(CompletionException.class, processor::tryProcess);
  }

  @Test
  void anOutcomeThatIsUnknownIsReplayed() {
    process(1);
    held.futures
        .get(0)
        .completeExceptionally(new IndeterminateOperationStateException("member left"));
    assertThrows(RestartableException.class, processor::tryProcess);
  }

  @Test
  void itIsAProperJetProcessor() {
    List<Object> items = List.of(1, 2, 3, new Watermark(4), 5);
    TestSupport.verifyProcessor(() -> new AsyncCall(member -> new Prompt()))
        .disableProgressAssertion()
        .input(items)
        .expectOutput(List.of("1", "2", "3", new Watermark(4), "5"));
  }

  /** Answers at once. */
  private static final class Prompt implements Call {
    @Override
    public CompletionStage<?> start(Object item) {
      return CompletableFuture.completedFuture(item.toString());
    }

    @Override
    public Object answer(Object item, Object result) {
      return result;
    }
  }

  private void process(Object... items) {
    inbox.queue().addAll(List.of(items));
    processor.process(0, inbox);
  }

  private List<Object> emitted() {
    outbox.reset();
    assertTrue(processor.tryProcess());
    return drained();
  }

  private List<Object> drained() {
    List<Object> items = new ArrayList<>();
    outbox.drainQueueAndReset(0, items, false);
    return items;
  }
}
