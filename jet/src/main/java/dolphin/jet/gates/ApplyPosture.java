package dolphin.jet.gates;

/** Applies one signal to one entry of {@code POSTURE}. */
public final class ApplyPosture extends ApplySignal {

  /** For deserialization only. */
  public ApplyPosture() {
    this(null);
  }

  public ApplyPosture(byte[] payload) {
    super(payload);
  }

  @Override
  GateEntry.Applied apply(String entryKey, byte[] value, byte[] signal) {
    return GateEntry.applyToPosture(entryKey, value, signal);
  }

  @Override
  public int getClassId() {
    return GateSerializers.APPLY_POSTURE;
  }
}
