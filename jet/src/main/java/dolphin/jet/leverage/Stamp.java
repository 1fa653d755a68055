package dolphin.jet.leverage;

/**
 * Whose entry it is and which version: {@code epoch} is the market time of the first signal it
 * took, {@code seq} counts those it took, so that {@code (epoch, seq)} orders its commands.
 */
record Stamp(String account, String asset, long epoch, long seq, long timeNs, long expiresAtNs) {

  static Stamp first(String account, String asset) {
    return new Stamp(account, asset, 0, 0, 0, 0);
  }

  /** At market time {@code atNs}, unless it was later already. */
  Stamp at(long atNs) {
    return new Stamp(account, asset, epoch, seq, Math.max(timeNs, atNs), expiresAtNs);
  }

  Stamp expiringAt(long atNs) {
    return new Stamp(account, asset, epoch, seq, timeNs, atNs);
  }

  /** The next version. */
  Stamp next() {
    return new Stamp(account, asset, seq == 0 ? timeNs : epoch, seq + 1, timeNs, expiresAtNs);
  }
}
