package dolphin.jet.sink;

import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.jet.RestartableException;
import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.Inbox;
import com.hazelcast.jet.core.Watermark;
import dolphin.jet.wire.Waker;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Makes a {@link Call} for each item and emits the answers in the order of the items.
 *
 * <p>Cooperative, with at most {@link #MAX_IN_FLIGHT} calls under way; beyond that it leaves items
 * in its queue, and Jet holds back whoever sends them. A watermark is forwarded when every call
 * before it has been acknowledged, so downstream it means "written". A snapshot waits for the same,
 * so nothing acknowledged upstream can be lost with this processor. A failed call fails the job.
 *
 * <p>Calls with the same {@link Call#key key} are made one after the other: Hazelcast tries a call
 * again whose partition is just migrating, and an older value that arrives late would stay. For the
 * same reason a closed processor waits for its calls, so that none of them ends after the job has
 * started again elsewhere.
 */
final class AsyncCall extends AbstractProcessor {

  static final int MAX_IN_FLIGHT = 256;

  private static final long CLOSE_WAIT_S = 5;

  private final Call.Factory factory;
  private final Waker waker = new Waker();
  private final Queue<Slot> slots = new ArrayDeque<>(MAX_IN_FLIGHT);
  private final Queue<Slot> waiting = new ArrayDeque<>();
  private final Map<Object, Slot> latestOfKey = new HashMap<>();
  private Call call;

  AsyncCall(Call.Factory factory) {
    this.factory = factory;
  }

  @Override
  protected void init(Context context) {
    call = factory.create(context.hazelcastInstance());
  }

  @Override
  public boolean tryProcess() {
    return turn();
  }

  @Override
  public void process(int ordinal, Inbox inbox) {
    while (slots.size() < MAX_IN_FLIGHT && !inbox.isEmpty()) {
      add(inbox.poll());
    }
    turn();
  }

  private void add(Object item) {
    Object key = call.key(item);
    Slot slot = new Slot(item, key, key == null ? null : latestOfKey.get(key));
    if (key != null) {
      latestOfKey.put(key, slot);
    }
    slots.add(slot);
    waiting.add(slot);
  }

  @Override
  public boolean tryProcessWatermark(Watermark watermark) {
    slots.add(new Slot(watermark, null, null));
    return true;
  }

  @Override
  public boolean complete() {
    return turn() && slots.isEmpty();
  }

  @Override
  public boolean saveToSnapshot() {
    return turn() && slots.isEmpty();
  }

  @Override
  public void close() throws InterruptedException {
    CompletableFuture<?>[] underWay =
        slots.stream()
            .map(slot -> slot.future)
            .filter(Objects::nonNull)
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(underWay).get(CLOSE_WAIT_S, TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      // whoever closes a processor with a failed call knows of the failure already
    } catch (TimeoutException late) {
      getLogger().warning("closed with calls still under way after " + CLOSE_WAIT_S + " s");
    }
  }

  /** Starts what may start and emits what is done; returns false if the outbox is full. */
  private boolean turn() {
    waker.attach();
    waiting.removeIf(this::start);
    return emitFinished();
  }

  private boolean start(Slot slot) {
    if (!slot.mayStart()) {
      return false;
    }
    slot.predecessor = null;
    slot.future = call.start(slot.item).toCompletableFuture();
    waker.wakeAfter(slot.future);
    return true;
  }

  /** Returns false if the outbox is full; true if the oldest call is still under way. */
  private boolean emitFinished() {
    for (Slot slot = slots.peek(); slot != null && slot.isFinished(); slot = slots.peek()) {
      Object output = slot.output(call);
      if (output != null && !tryEmit(output)) {
        return false;
      }
      slots.remove();
      latestOfKey.remove(slot.key, slot);
    }
    return true;
  }

  /** An item and its call, or a watermark that waits for the calls before it. */
  private static final class Slot {
    private final Object item;
    private final Object key;

    /** The call before this one with the same key, until this one has started. */
    private Slot predecessor;

    /** Null for a watermark, and before the start. */
    private CompletableFuture<?> future;

    private Object output;

    Slot(Object item, Object key, Slot predecessor) {
      this.item = item;
      this.key = key;
      this.predecessor = predecessor;
    }

    /** After a failed call the job starts again, so what comes after it does not start at all. */
    boolean mayStart() {
      return predecessor == null
          || (predecessor.future != null
              && predecessor.future.isDone()
              && !predecessor.future.isCompletedExceptionally());
    }

    boolean isFinished() {
      return item instanceof Watermark || (future != null && future.isDone());
    }

    /** The same object each time: an outbox that was full wants the very item again. */
    Object output(Call call) {
      if (output == null) {
        output = future == null ? item : call.answer(item, result());
      }
      return output;
    }

    private Object result() {
      try {
        return future.join();
      } catch (CompletionException e) {
        throw restartable(e.getCause(), e);
      } catch (IndeterminateOperationStateException e) {
        throw restartable(e, e);
      }
    }

    /** Whether the call took effect is unknown: replay from the snapshot decides it again. */
    private static RuntimeException restartable(Throwable cause, RuntimeException otherwise) {
      return cause instanceof IndeterminateOperationStateException
          ? new RestartableException(cause)
          : otherwise;
    }
  }
}
