package dolphin.jet.gates;

/** A stored value that cannot be read. */
final class DamagedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DamagedException(String what) {
    super(what);
  }
}
