package dolphin.jet.leverage;

/** How the system may act, mildest first, with the most leverage it allows for new exposure. */
enum Posture {
  APEX(6_000_000),
  STALKER(2_000_000),
  TURTLE(0),
  HIBERNATE(0);

  final long capPpm;

  Posture(long capPpm) {
    this.capPpm = capPpm;
  }

  /** The posture of that name; null if there is none. */
  static Posture named(String name) {
    for (Posture posture : values()) {
      if (posture.name().equals(name)) {
        return posture;
      }
    }
    return null;
  }
}
