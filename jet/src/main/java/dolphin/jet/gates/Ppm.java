package dolphin.jet.gates;

import java.util.List;

/** Integers in parts per million and the constants of the cut; see {@code dolphin.core.units}. */
final class Ppm {

  static final long ONE = 1_000_000;
  static final long MAX_LEVERAGE = 6 * ONE;
  static final long MAX_NS = 1L << 62;

  /** What each level of a cut leaves. */
  static final List<Long> CUTS = List.of(ONE, 750_000L, 450_000L, 200_000L, 0L);

  static final int WORST_LEVEL = CUTS.size() - 1;

  private Ppm() {}

  /** The product of two ppm numbers {@code >= 0}, rounded toward zero. */
  static long mul(long a, long b) {
    return a * b / ONE;
  }

  /** The cap that a cut of {@code level} leaves. */
  static long capAt(int level) {
    return mul(MAX_LEVERAGE, CUTS.get(level));
  }
}
