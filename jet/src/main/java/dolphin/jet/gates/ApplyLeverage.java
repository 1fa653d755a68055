package dolphin.jet.gates;

/** Applies one signal to one entry of {@code LEVERAGE}. */
public final class ApplyLeverage extends ApplySignal {

  /** For deserialization only. */
  public ApplyLeverage() {
    this(null);
  }

  public ApplyLeverage(byte[] payload) {
    super(payload);
  }

  @Override
  GateEntry.Applied apply(String entryKey, byte[] value, byte[] signal) {
    return GateEntry.applyToLeverage(entryKey, value, signal);
  }

  @Override
  public int getClassId() {
    return GateSerializers.APPLY_LEVERAGE;
  }
}
