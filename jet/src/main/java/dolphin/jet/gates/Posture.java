package dolphin.jet.gates;

/** How the system may act, mildest first. */
public enum Posture {
  APEX,
  STALKER,
  TURTLE,
  HIBERNATE;

  private static final Posture[] MILDEST_FIRST = values();

  /** The posture of that name; null if there is none. */
  public static Posture named(String name) {
    for (Posture posture : MILDEST_FIRST) {
      if (posture.name().equals(name)) {
        return posture;
      }
    }
    return null;
  }

  Posture milder() {
    return switch (this) {
      case APEX, STALKER -> APEX;
      case TURTLE -> STALKER;
      case HIBERNATE -> TURTLE;
    };
  }

  public Posture worse(Posture other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
