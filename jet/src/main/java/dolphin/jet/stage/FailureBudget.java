package dolphin.jet.stage;

/**
 * When to start a worker again after a failure, and when to give up.
 *
 * <p>Failures in a row are counted; an answer to a request that had none yet ends the row, since
 * the stage got past what failed. The pause doubles with each failure. Pure; time is handed in.
 */
final class FailureBudget {

  static final long FIRST_PAUSE_NS = 20_000_000L;
  static final long LONGEST_PAUSE_NS = 5_000_000_000L;

  private final int maxFailures;
  private int failuresInRow;

  FailureBudget(int maxFailures) {
    this.maxFailures = maxFailures;
  }

  /**
   * Counts a failure at {@code nowNs}.
   *
   * @return when the next worker may start; check {@link #isSpent()} first
   */
  long onFailure(long nowNs) {
    failuresInRow++;
    int doublings = Math.min(failuresInRow - 1, 30);
    return nowNs + Math.min(FIRST_PAUSE_NS << doublings, LONGEST_PAUSE_NS);
  }

  /** A request was answered for the first time. */
  void onProgress() {
    failuresInRow = 0;
  }

  boolean isSpent() {
    return failuresInRow >= maxFailures;
  }

  int failuresInRow() {
    return failuresInRow;
  }
}
