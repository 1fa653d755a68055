package dolphin.jet.gates;

/** What a stored gate value is worth when it comes back from the database. */
public final class Restored {

  private Restored() {}

  /**
   * The value that the entry {@code key} of {@code map} starts with again: cuts, latches and
   * posture stand, every lease is over, nobody has been clear.
   */
  public static byte[] of(String map, String key, byte[] value) {
    return GateEntry.restored(map, key, value);
  }
}
