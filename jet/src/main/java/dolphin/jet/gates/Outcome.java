package dolphin.jet.gates;

/** The state after a signal, or the state as it was with a refusal; {@code ""} is none. */
record Outcome<S>(S state, boolean isChanged, String refusal) {

  static <S> Outcome<S> refused(S state, String why) {
    return new Outcome<>(state, false, why);
  }
}
