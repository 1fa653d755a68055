package dolphin.jet.stage;

/**
 * Whether it pays to wait for an answer awake.
 *
 * <p>To sleep and to be woken costs a Jet thread some tens of microseconds, more than many a
 * function takes. So after asking it may look for the answer again and again, for {@link #LIMIT_NS}
 * at most. Each time in vain doubles the number of requests for which it is not tried, up to {@link
 * #MOST_SKIPPED}: a slow function, or a machine without a core to spare, costs next to nothing.
 *
 * <p>Pure: the time comes from outside.
 */
final class SpinRule {

  /** Longest time a Jet thread is kept from its other tasklets; Jet allows a millisecond. */
  static final long LIMIT_NS = 150_000;

  static final int MOST_SKIPPED = 255;

  private int penalty;
  private int toSkip;

  /** Asked once for each time there is something to wait for. */
  boolean isWorthwhile() {
    if (toSkip > 0) {
      toSkip--;
      return false;
    }
    return true;
  }

  /** The answer came while waiting. */
  void onAnswer() {
    penalty = 0;
  }

  /** The time was up first. */
  void onTimeout() {
    penalty = Math.min(2 * penalty + 1, MOST_SKIPPED);
    toSkip = penalty;
  }
}
