package dolphin.jet.gates;

/**
 * The thresholds between the postures and what each allows, as {@code dolphin.core.control.posture}
 * has them: a fall may skip postures, a rise goes one up, and between a rung's two thresholds
 * nothing changes.
 */
record Ladder(long maxLeveragePpm, Rung apex, Rung stalker, Rung turtle, Rung hibernate) {

  /**
   * R below {@code enterBelowPpm} drops to the posture, R above {@code leaveAbovePpm} returns to
   * the next milder one; {@code capPpm} is the most leverage for new exposure.
   */
  record Rung(long enterBelowPpm, long leaveAbovePpm, long capPpm) {}

  static Ladder read(LawFile law) {
    long maxLeveragePpm = law.number("posture", "max_leverage_ppm");
    return new Ladder(
        maxLeveragePpm,
        new Rung(Ppm.ONE + 1, Ppm.ONE + 1, maxLeveragePpm),
        rung(law, "stalker", law.number("posture", "stalker_cap_ppm")),
        rung(law, "turtle", 0),
        rung(law, "hibernate", 0));
  }

  private static Rung rung(LawFile law, String posture, long capPpm) {
    return new Rung(
        law.number("posture", posture + "_below_ppm"),
        law.number("posture", posture + "_above_ppm"),
        capPpm);
  }

  private Rung rung(Posture posture) {
    return switch (posture) {
      case APEX -> apex;
      case STALKER -> stalker;
      case TURTLE -> turtle;
      case HIBERNATE -> hibernate;
    };
  }

  /** The most leverage that {@code posture} allows, whatever R is. */
  long capPpm(Posture posture) {
    return rung(posture).capPpm;
  }

  /** The cap: the posture's, and never more than the greatest leverage times R. */
  long cap(Posture posture, long rPpm) {
    return Math.min(capPpm(posture), Ppm.mul(maxLeveragePpm, rPpm));
  }

  /** The posture to start in at {@code rPpm}. */
  Posture first(long rPpm) {
    return risen(risen(risen(Posture.HIBERNATE, rPpm), rPpm), rPpm);
  }

  /** The most restrictive posture whose threshold R is under, never a milder one than now. */
  Posture fallen(Posture posture, long rPpm) {
    if (rPpm < hibernate.enterBelowPpm) {
      return Posture.HIBERNATE;
    }
    if (rPpm < turtle.enterBelowPpm) {
      return posture.worse(Posture.TURTLE);
    }
    return rPpm < stalker.enterBelowPpm ? posture.worse(Posture.STALKER) : posture;
  }

  /** One posture milder if R is above the threshold, else the same. The caller keeps the dwell. */
  Posture risen(Posture posture, long rPpm) {
    return rPpm > rung(posture).leaveAbovePpm ? posture.milder() : posture;
  }
}
