package dolphin.jet.gates;

/**
 * Whose entry it is and which version: {@code epoch} is the market time of the first signal it
 * took, {@code seq} counts those it took, so that {@code (epoch, seq)} orders its commands.
 */
record Stamp(String account, String asset, long epoch, long seq, long timeNs, long expiresAtNs) {

  static Stamp of(Command command) {
    return new Stamp(
        command.account(),
        command.asset(),
        command.epoch(),
        command.seq(),
        command.issuedAtNs(),
        command.expiresAtNs());
  }

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

  /** The next command; the first one, also after a restart, begins a later epoch. */
  Stamp next() {
    long nextEpoch = seq == 0 ? Math.max(timeNs, epoch + 1) : epoch;
    return new Stamp(account, asset, nextEpoch, seq + 1, timeNs, expiresAtNs);
  }

  /** As after a full stop: the lease is over and the next command begins an epoch. */
  Stamp restored() {
    return new Stamp(account, asset, epoch, 0, timeNs, 0);
  }
}
