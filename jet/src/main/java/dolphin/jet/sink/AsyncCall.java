package dolphin.jet.sink;

import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.jet.RestartableException;
import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.Inbox;
import com.hazelcast.jet.core.Watermark;
import dolphin.jet.Waker;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Makes a {@link Call} for each item and emits the answers in the order of the items.
 *
 * <p>Cooperative, with at most {@link #MAX_IN_FLIGHT} calls under way; beyond that it leaves items
 * in its queue, and Jet holds back whoever sends them. A watermark is forwarded when every call
 * before it has been acknowledged, so downstream it means "written". A snapshot waits for the same,
 * so nothing acknowledged upstream can be lost with this processor. A failed call fails the job.
 */
final class AsyncCall extends AbstractProcessor {

  static final int MAX_IN_FLIGHT = 256;

  private final Call.Factory factory;
  private final Waker waker = new Waker();
  private final Queue<Slot> slots = new ArrayDeque<>(MAX_IN_FLIGHT);
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
    waker.attach();
    return emitFinished();
  }

  @Override
  public void process(int ordinal, Inbox inbox) {
    waker.attach();
    while (slots.size() < MAX_IN_FLIGHT && !inbox.isEmpty()) {
      Object item = inbox.poll();
      CompletableFuture<?> future = call.start(item).toCompletableFuture();
      waker.wakeAfter(future);
      slots.add(new Slot(item, future));
    }
    emitFinished();
  }

  @Override
  public boolean tryProcessWatermark(Watermark watermark) {
    slots.add(new Slot(watermark, null));
    return true;
  }

  @Override
  public boolean complete() {
    waker.attach();
    return emitFinished() && slots.isEmpty();
  }

  @Override
  public boolean saveToSnapshot() {
    waker.attach();
    return emitFinished() && slots.isEmpty();
  }

  @Override
  public boolean closeIsCooperative() {
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
    }
    return true;
  }

  /** An item whose call is under way, or a watermark that waits for the calls before it. */
  private static final class Slot {
    private final Object item;
    private final CompletableFuture<?> future;
    private Object output;

    Slot(Object item, CompletableFuture<?> future) {
      this.item = item;
      this.future = future;
    }

    boolean isFinished() {
      return future == null || future.isDone();
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
