package dolphin.jet.wire;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends the idle wait of the Jet thread that runs a processor, so that news from another thread is
 * acted on at once.
 *
 * <p>A cooperative Jet thread parks, for up to a millisecond, when none of its tasklets made
 * progress. A processor that waits for a socket or a future calls {@link #attach()} from its
 * processing methods; whoever completes the wait publishes its result first and then calls {@link
 * #wake()}. A wake that comes before the park is not lost (the permit of {@link LockSupport}
 * stays), and one too many costs an idle turn of the loop.
 */
public final class Waker {

  private volatile Thread processorThread;

  /** Names the calling thread as the one to wake. Cheap; call it in every processing method. */
  public void attach() {
    Thread current = Thread.currentThread();
    if (processorThread != current) {
      processorThread = current;
    }
  }

  /**
   * Wakes the attached thread as soon as {@code future} is done, on the thread that completes it:
   * handing the call to a pool would cost more than the call.
   */
  public void wakeAfter(CompletableFuture<?> future) {
    var unused = future.whenCompleteAsync((result, error) -> wake(), Runnable::run);
  }

  /** Wakes the attached thread, if there is one. Safe from any thread. */
  public void wake() {
    LockSupport.unpark(processorThread);
  }
}
