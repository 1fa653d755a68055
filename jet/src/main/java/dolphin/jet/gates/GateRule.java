package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;

/** What an entry of one kind needs: its rule, and its state as bytes. {@code S} is the state. */
interface GateRule<S> {

  /** The state of an entry that has taken nothing yet. */
  S first(String key);

  /** The state in a stored value; throws {@link DamagedException} for one that makes no sense. */
  S read(Command command, Stored rule);

  /** Whether the rule can have come to {@code state}. */
  boolean isWhole(S state);

  /** One signal; total. */
  Outcome<S> apply(S state, Fields signal);

  /** The command that says what the state grants. */
  Command command(S state, long fromCapPpm);

  long capPpm(S state);

  /** Writes the state's own part of a value. */
  void write(Writer writer, S state);

  /** What a full stop must not lose, to be compared; a change of it is a new version. */
  Object durable(S state);

  /** The state as it is after a full stop. */
  S restored(S state);
}
