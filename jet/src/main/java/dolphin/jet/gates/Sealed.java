package dolphin.jet.gates;

import java.util.OptionalLong;

/** The seal on a gate's value: the checksum of the command in it. */
public final class Sealed {

  private Sealed() {}

  /**
   * The checksum that the command in {@code value} has to carry, whatever it does carry; empty if
   * there is no command in it.
   */
  public static OptionalLong checksum(byte[] value) {
    try {
      return OptionalLong.of(Command.unchecked(Stored.read(value)).checksum());
    } catch (DamagedException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * Whether a rule can go on from {@code value}: its command is under its checksum, its state
   * whole.
   */
  public static boolean isIntact(byte[] value) {
    return GateEntry.isReadable(value);
  }
}
