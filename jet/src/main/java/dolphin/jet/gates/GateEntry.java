package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;

/**
 * One entry of a gate map ({@code LEVERAGE}, {@code POSTURE}) as bytes, as {@code
 * dolphin.core.control.gate_entry} has it.
 *
 * <p>A value is the present command, so that any reader finds {@code cap_ppm}, with the rule's own
 * state under {@code "rule"}, its durable revision {@code "version"}, the operation that made it
 * {@code "op"}, its {@code "schema"} and a {@code "seal"} over all of it. The answer is a map
 * {@code accepted, changed, refusal, command}. A signal or a stored value that cannot be read
 * leaves the value as it was and says so; nothing here throws.
 */
record GateEntry<S>(GateRule<S> rule) {

  private static final int OP_BYTES = 16;
  private static final int SURVIVAL_FIELDS = Command.FIELDS + 1;

  private static final Law LAW = Law.packaged();

  private static final GateEntry<?> BREAKER = new GateEntry<>(new BreakerEntry(LAW));
  private static final GateEntry<?> ACCOUNT = new GateEntry<>(new AccountEntry(LAW));
  private static final GateEntry<?> POSTURE = new GateEntry<>(new PostureEntry(LAW));

  /** What came of a signal: the value to store, null if it stays as it was, and the answer. */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record Applied(byte[] value, byte[] answer) {}

  /** The durable revision of a value and the operation that made it. */
  private record Version(long number, String op) {
    static final Version NONE = new Version(0, "");
  }

  /** A stored value, read. */
  private record Read<S>(S state, Command command, Version version) {}

  /** Applies the signal in {@code payload} to the entry {@code key} of {@code LEVERAGE}. */
  static Applied applyToLeverage(String key, byte[] value, byte[] payload) {
    return leverage(key).apply(key, value, payload);
  }

  /** Applies the signal in {@code payload} to the entry {@code key} of {@code POSTURE}. */
  static Applied applyToPosture(String key, byte[] value, byte[] payload) {
    return POSTURE.apply(key, value, payload);
  }

  /** The value as the entry {@code key} of {@code map} starts with it after a full stop. */
  static byte[] restored(String map, String key, byte[] value) {
    return (map.equals("POSTURE") ? POSTURE : leverage(key)).restored(value);
  }

  /** Whether an entry of a gate map can go on from {@code value}. */
  static boolean isReadable(byte[] value) {
    return BREAKER.canRead(value) || ACCOUNT.canRead(value) || POSTURE.canRead(value);
  }

  private boolean canRead(byte[] value) {
    try {
      read(value);
      return true;
    } catch (DamagedException e) {
      return false;
    }
  }

  private static GateEntry<?> leverage(String key) {
    return key.indexOf('/') >= 0 ? BREAKER : ACCOUNT;
  }

  private Applied apply(String key, byte[] value, byte[] payload) {
    Fields.Reading signal = Fields.read(payload);
    Read<S> before;
    try {
      before = value == null ? new Read<>(rule.first(key), null, Version.NONE) : read(value);
    } catch (DamagedException e) {
      return refused(null, signal.fields() == null ? signal.refusal() : "stored state unreadable");
    }
    if (signal.fields() == null) {
      return refused(before.command, signal.refusal());
    }
    Outcome<S> outcome = rule.apply(before.state, signal.fields());
    if (!outcome.refusal().isEmpty()) {
      return refused(before.command, outcome.refusal());
    }
    S after = outcome.state();
    Command command = rule.command(after, rule.capPpm(before.state));
    // A new epoch is durable too: else two full stops in a row would begin the same one.
    boolean isNewEpoch = before.command == null || command.epoch() != before.command.epoch();
    boolean isNewVersion = isNewEpoch || !rule.durable(after).equals(rule.durable(before.state));
    Version version =
        isNewVersion
            ? new Version(before.version.number + 1, operation(command.epoch(), payload))
            : before.version;
    byte[] fields = command.fields();
    return new Applied(value(fields, after, version), accepted(outcome.isChanged(), fields));
  }

  private byte[] restored(byte[] value) {
    try {
      Read<S> stored = read(value);
      S after = rule.restored(stored.state);
      return value(rule.command(after, rule.capPpm(after)).fields(), after, stored.version);
    } catch (DamagedException e) {
      return value; // every signal on it will be refused
    }
  }

  /** The command in an answer as a topic message, or null if the signal was refused. */
  static byte[] command(byte[] answer) {
    Command command = granted(answer);
    return command == null ? null : new Writer().map(Command.FIELDS).raw(command.fields()).bytes();
  }

  /** The command in an answer as a signal for the account's entry; null if it was refused. */
  static byte[] survivalSignal(byte[] answer) {
    Command command = granted(answer);
    return command == null
        ? null
        : new Writer()
            .map(SURVIVAL_FIELDS)
            .text("kind")
            .text("survival")
            .raw(command.fields())
            .bytes();
  }

  /** The answer that refuses a signal without a look at the entry. */
  static byte[] refusal(String why) {
    return answer(false, false, why).nil().bytes();
  }

  private Read<S> read(byte[] value) {
    if (!Sealed.fits(value)) {
      throw new DamagedException("seal");
    }
    Stored stored = Stored.read(value);
    Command command = Command.read(stored);
    if (stored.whole("schema") != Sealed.SCHEMA) {
      throw new DamagedException("schema");
    }
    Version version = new Version(stored.whole("version"), stored.text("op"));
    if (version.number < 1) {
      throw new DamagedException("version");
    }
    S state = rule.read(command, stored.map("rule"));
    if (!rule.isWhole(state)) {
      throw new DamagedException("rule");
    }
    return new Read<>(state, command, version);
  }

  private byte[] value(byte[] command, S state, Version version) {
    Writer writer = new Writer().map(Command.FIELDS + 5).raw(command).text("rule");
    rule.write(writer, state);
    writer.text("version").whole(version.number).text("op").text(version.op);
    return Sealed.sealed(writer.text("schema").whole(Sealed.SCHEMA).text("seal").text("").bytes());
  }

  private static Command granted(byte[] answer) {
    Fields fields = Fields.read(answer).fields();
    Fields command = fields == null || !fields.isTrue("accepted") ? null : fields.map("command");
    return command == null ? null : Command.read(Stored.of(command));
  }

  private static byte[] accepted(boolean isChanged, byte[] command) {
    return answer(true, isChanged, "").map(Command.FIELDS).raw(command).bytes();
  }

  private static Applied refused(Command present, String why) {
    return new Applied(
        null,
        present == null
            ? refusal(why)
            : answer(false, false, why).map(Command.FIELDS).raw(present.fields()).bytes());
  }

  /** The answer up to its command, which has to follow. */
  private static Writer answer(boolean isAccepted, boolean isChanged, String refusal) {
    return new Writer()
        .map(4)
        .text("accepted")
        .claim(isAccepted)
        .text("changed")
        .claim(isChanged)
        .text("refusal")
        .text(refusal)
        .text("command");
  }

  private static String operation(long epoch, byte[] payload) {
    return Sha256.hex(OP_BYTES, epoch + "|", payload);
  }
}
