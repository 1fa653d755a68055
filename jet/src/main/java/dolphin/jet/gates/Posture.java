package dolphin.jet.gates;

/**
 * How the system may act, mildest first, with the gates of {@code dolphin.core.control.posture}: R
 * below {@code enterBelowPpm} drops to the posture, R above {@code leaveAbovePpm} returns to the
 * next milder one.
 */
enum Posture {
  APEX(Ppm.ONE + 1, Ppm.ONE + 1, 6_000_000),
  STALKER(850_000, 920_000, 2_000_000),
  TURTLE(400_000, 500_000, 0),
  HIBERNATE(100_000, 200_000, 0);

  private static final Posture[] MILDEST_FIRST = values();

  /** The most leverage for new exposure. */
  final long capPpm;

  private final long enterBelowPpm;
  private final long leaveAbovePpm;

  Posture(long enterBelowPpm, long leaveAbovePpm, long capPpm) {
    this.enterBelowPpm = enterBelowPpm;
    this.leaveAbovePpm = leaveAbovePpm;
    this.capPpm = capPpm;
  }

  /** The posture of that name; null if there is none. */
  static Posture named(String name) {
    for (Posture posture : MILDEST_FIRST) {
      if (posture.name().equals(name)) {
        return posture;
      }
    }
    return null;
  }

  /** The posture to start in at {@code rPpm}. */
  static Posture first(long rPpm) {
    Posture posture = HIBERNATE;
    for (int step = 0; step < MILDEST_FIRST.length; step++) {
      posture = posture.risen(rPpm);
    }
    return posture;
  }

  /** The most restrictive posture whose gate R is under, never a milder one than this. */
  Posture fallen(long rPpm) {
    Posture posture = this;
    for (Posture each : MILDEST_FIRST) {
      if (each != APEX && rPpm < each.enterBelowPpm) {
        posture = posture.worse(each);
      }
    }
    return posture;
  }

  /** One posture milder if R is above the gate, else this. The caller keeps the dwell. */
  Posture risen(long rPpm) {
    return rPpm > leaveAbovePpm ? milder() : this;
  }

  private Posture milder() {
    return switch (this) {
      case APEX, STALKER -> APEX;
      case TURTLE -> STALKER;
      case HIBERNATE -> TURTLE;
    };
  }

  Posture worse(Posture other) {
    return compareTo(other) >= 0 ? this : other;
  }

  /** The cap: the posture's, and never more than 6x times R. */
  long cap(long rPpm) {
    return Math.min(capPpm, Ppm.mul(Ppm.MAX_LEVERAGE, rPpm));
  }
}
