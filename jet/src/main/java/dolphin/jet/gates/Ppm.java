package dolphin.jet.gates;

/** Integers in parts per million; see {@code dolphin.core.units}. */
final class Ppm {

  static final long ONE = 1_000_000;
  static final long MAX_NS = 1L << 62;

  private Ppm() {}

  /** The product of two ppm numbers {@code >= 0}, rounded toward zero. */
  static long mul(long a, long b) {
    return a * b / ONE;
  }
}
