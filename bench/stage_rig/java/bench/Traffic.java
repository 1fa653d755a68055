package bench;

import java.util.concurrent.locks.LockSupport;

/**
 * The messages of one path: sent at their intended times by one thread, taken by the path, counted
 * and timed where they come out.
 *
 * <p>Paths keep order and answer one for one, so the nth arrival is that of the nth message and no
 * message needs an id.
 */
final class Traffic {

  private static final int MAX_TIMED = 1 << 20;
  private static final long GIVE_UP_NANOS = 60_000_000_000L;

  /** The ticker stops parking this long before an intended time and spins: timer slack is more. */
  private static final long SPIN_NANOS = 150_000;

  private final long[] arrivedAt = new long[MAX_TIMED];
  private volatile long arrived;
  private volatile long offered;
  private volatile Object message;
  private volatile Thread receiver;
  private volatile boolean flooding;

  /** The number of messages offered so far, or no end of them; the path keeps its own count. */
  long offered() {
    return flooding ? Long.MAX_VALUE : offered;
  }

  Object message() {
    return message;
  }

  /** Names the calling thread as the one to wake when there is a message. */
  void attachReceiver() {
    receiver = Thread.currentThread();
  }

  void wakeReceiver() {
    LockSupport.unpark(receiver);
  }

  /** One message came out. Only one thread calls this. */
  void arrive() {
    long count = arrived;
    if (count < MAX_TIMED) {
      arrivedAt[(int) count] = System.nanoTime();
    }
    arrived = count + 1;
  }

  /** How long one message takes from now. */
  long first(Object item, long since) {
    message = item;
    offered = 1;
    wakeReceiver();
    await(1);
    return arrivedAt[0] - since;
  }

  /** Latencies of {@code count} messages whose intended times are {@code gapNanos} apart. */
  long[] paced(Object item, int count, long gapNanos) {
    message = item;
    long base = arrived;
    if (base + count > MAX_TIMED) {
      throw new IllegalStateException("at most " + MAX_TIMED + " messages are timed per start");
    }
    long start = System.nanoTime() + gapNanos;
    for (int i = 0; i < count; i++) {
      sleepUntil(start + i * gapNanos);
      offered = base + i + 1;
      wakeReceiver();
    }
    await(base + count);
    long[] latencies = new long[count];
    for (int i = 0; i < count; i++) {
      latencies[i] = arrivedAt[(int) base + i] - (start + i * gapNanos);
    }
    return latencies;
  }

  /** Messages per second while the path takes as many as it can, first and last tenth left out. */
  double flood(Object item, long nanos) {
    message = item;
    flooding = true;
    wakeReceiver();
    LockSupport.parkNanos(nanos / 10);
    long from = System.nanoTime();
    long before = arrived;
    sleepUntil(from + nanos * 8 / 10);
    long passed = arrived - before;
    long elapsed = System.nanoTime() - from;
    flooding = false;
    return passed * 1e9 / elapsed;
  }

  private void await(long count) {
    long deadline = System.nanoTime() + GIVE_UP_NANOS;
    while (arrived < count) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("only " + arrived + " of " + count + " messages came out");
      }
      LockSupport.parkNanos(200_000);
    }
  }

  private static void sleepUntil(long time) {
    long left;
    while ((left = time - System.nanoTime()) > 0) {
      if (left > SPIN_NANOS) {
        LockSupport.parkNanos(left - SPIN_NANOS);
      } else {
        Thread.onSpinWait();
      }
    }
  }
}
