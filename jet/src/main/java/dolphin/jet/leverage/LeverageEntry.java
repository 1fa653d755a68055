package dolphin.jet.leverage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/**
 * One entry of the {@code LEVERAGE} map as bytes, as {@code dolphin.control.entry} has it.
 *
 * <p>A value is the present command, so that any reader finds {@code cap_ppm}, with the rule's own
 * state under {@code "rule"}. The answer is a map {@code accepted, changed, refusal, command}. A
 * signal or a stored value that cannot be read leaves the value as it was and says so; nothing here
 * throws.
 */
final class LeverageEntry {

  private static final int COMMAND_FIELDS = 15;

  private LeverageEntry() {}

  /** What came of a signal. */
  static final class Applied {
    private final byte[] value;
    private final byte[] answer;

    private Applied(byte[] value, byte[] answer) {
      this.value = value;
      this.answer = answer;
    }

    /** The value to store; null if it stays as it was. */
    byte[] value() {
      return value;
    }

    byte[] answer() {
      return answer;
    }
  }

  /** Applies the signal in {@code payload} to the entry {@code key} that holds {@code value}. */
  static Applied apply(String key, byte[] value, byte[] payload) {
    Fields.Reading signal = Fields.read(payload);
    try {
      return key.indexOf('/') >= 0
          ? applyToAsset(key, value, signal)
          : applyToAccount(key, value, signal);
    } catch (DamagedException e) {
      return refused(null, signal.fields() == null ? signal.refusal() : "stored state unreadable");
    }
  }

  private static Applied applyToAsset(String key, byte[] value, Fields.Reading signal) {
    int slash = key.lastIndexOf('/');
    BreakerRule.State state =
        value == null
            ? BreakerRule.State.first(key.substring(0, slash), key.substring(slash + 1))
            : readBreaker(value);
    if (signal.fields() == null) {
      return refused(value == null ? null : command(value), signal.refusal());
    }
    BreakerRule.Outcome outcome = BreakerRule.apply(state, signal.fields());
    if (!outcome.refusal().isEmpty()) {
      return refused(value == null ? null : command(value), outcome.refusal());
    }
    return stored(
        outcome.state().command(state.capPpm()),
        packer -> packBreaker(packer, outcome.state()),
        outcome.isChanged());
  }

  private static Applied applyToAccount(String key, byte[] value, Fields.Reading signal) {
    AccountRule.State state = value == null ? AccountRule.State.first(key) : readAccount(value);
    if (signal.fields() == null) {
      return refused(value == null ? null : command(value), signal.refusal());
    }
    AccountRule.Outcome outcome = AccountRule.apply(state, signal.fields());
    if (!outcome.refusal().isEmpty()) {
      return refused(value == null ? null : command(value), outcome.refusal());
    }
    return stored(
        outcome.state().command(state.capPpm()),
        packer -> packAccount(packer, outcome.state()),
        outcome.isChanged());
  }

  /** The command in an answer as a topic message, or null if the signal was refused. */
  static byte[] publishable(byte[] answer) {
    Fields fields = Fields.read(answer).fields();
    Fields command = fields == null || !fields.isTrue("accepted") ? null : fields.map("command");
    return command == null ? null : packed(packer -> packCommand(packer, command(command)));
  }

  /** The answer that refuses a signal without a look at the entry. */
  static byte[] refusal(String why) {
    return answer(false, false, why, null);
  }

  /** Writes one part of a message. */
  private interface Part {
    void pack(MessageBufferPacker packer) throws IOException;
  }

  private static byte[] packed(Part part) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      part.pack(packer);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a buffer in memory cannot fail", e);
    }
  }

  private static Applied stored(Command command, Part rule, boolean isChanged) {
    byte[] value =
        packed(
            packer -> {
              packer.packMapHeader(COMMAND_FIELDS + 1);
              packFields(packer, command);
              packer.packString("rule");
              rule.pack(packer);
            });
    return new Applied(value, answer(true, isChanged, "", command));
  }

  private static Applied refused(Command present, String why) {
    return new Applied(null, answer(false, false, why, present));
  }

  private static byte[] answer(
      boolean isAccepted, boolean isChanged, String refusal, Command command) {
    return packed(
        packer -> {
          packer.packMapHeader(4);
          packer.packString("accepted").packBoolean(isAccepted);
          packer.packString("changed").packBoolean(isChanged);
          packer.packString("refusal").packString(refusal);
          packer.packString("command");
          if (command == null) {
            packer.packNil();
          } else {
            packCommand(packer, command);
          }
        });
  }

  private static void packCommand(MessageBufferPacker packer, Command command) throws IOException {
    packer.packMapHeader(COMMAND_FIELDS);
    packFields(packer, command);
  }

  private static void packFields(MessageBufferPacker packer, Command command) throws IOException {
    packer.packString("account").packString(command.account());
    packer.packString("asset").packString(command.asset());
    packer.packString("epoch").packLong(command.epoch());
    packer.packString("seq").packLong(command.seq());
    packer.packString("posture").packString(command.posture().name());
    packer.packString("cap_ppm").packLong(command.capPpm());
    packer.packString("r_total_ppm").packLong(command.totalPpm());
    packLongs(packer, "factors_ppm", command.factorsPpm());
    packer.packString("passive_only").packBoolean(command.isPassiveOnly());
    packTexts(packer, "reasons", command.reasons());
    packTexts(packer, "cause_ids", command.causeIds());
    packer.packString("issued_at_ns").packLong(command.issuedAtNs());
    packer.packString("expires_at_ns").packLong(command.expiresAtNs());
    packer.packString("from_cap_ppm").packLong(command.fromCapPpm());
    packer.packString("checksum").packLong(command.checksum());
  }

  private static void packBreaker(MessageBufferPacker packer, BreakerRule.State state)
      throws IOException {
    BreakerRule.Cut cut = state.cut();
    packer.packMapHeader(7);
    packer.packString("level").packInt(cut.level());
    packer.packString("is_latched").packBoolean(cut.isLatched());
    packer.packString("hold_until_ns").packLong(cut.holdUntilNs());
    packLongs(packer, "episodes_ns", cut.episodesNs());
    packManual(packer, state.manual());
    packTexts(packer, "reasons", cut.reasons());
    packer.packString("sources").packArrayHeader(state.sources().size());
    for (BreakerRule.Source source : state.sources()) {
      packer.packArrayHeader(8);
      packer.packString(source.name()).packLong(source.seq()).packLong(source.severityPpm());
      packer.packInt(source.clears()).packInt(source.unclear()).packLong(source.expiresAtNs());
      packer.packString(source.reason()).packString(source.causeId());
    }
  }

  private static void packAccount(MessageBufferPacker packer, AccountRule.State state)
      throws IOException {
    packer.packMapHeader(5);
    packer.packString("granted_ppm").packLong(state.decision().capPpm());
    packer.packString("source_epoch").packLong(state.decision().epoch());
    packer.packString("source_seq").packLong(state.decision().seq());
    packManual(packer, state.manual());
    packTexts(packer, "reasons", state.decision().reasons());
  }

  private static void packManual(MessageBufferPacker packer, ManualCut manual) throws IOException {
    packer.packString("manual").packArrayHeader(3);
    packer.packInt(manual.level()).packLong(manual.seq()).packString(manual.note());
  }

  private static void packLongs(MessageBufferPacker packer, String name, List<Long> values)
      throws IOException {
    packer.packString(name).packArrayHeader(values.size());
    for (long value : values) {
      packer.packLong(value);
    }
  }

  private static void packTexts(MessageBufferPacker packer, String name, List<String> values)
      throws IOException {
    packer.packString(name).packArrayHeader(values.size());
    for (String value : values) {
      packer.packString(value);
    }
  }

  /** A stored value that cannot be read. */
  private static final class DamagedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DamagedException(String what) {
      super(what);
    }
  }

  private static Command command(byte[] value) {
    return command(present(Fields.read(value).fields(), "value"));
  }

  private static Command command(Fields fields) {
    Command command =
        new Command(
            text(fields, "account"),
            text(fields, "asset"),
            whole(fields, "epoch"),
            whole(fields, "seq"),
            present(Posture.named(fields.string("posture")), "posture"),
            whole(fields, "cap_ppm"),
            whole(fields, "r_total_ppm"),
            wholes(fields, "factors_ppm"),
            claim(fields, "passive_only"),
            texts(fields, "reasons"),
            texts(fields, "cause_ids"),
            whole(fields, "issued_at_ns"),
            whole(fields, "expires_at_ns"),
            whole(fields, "from_cap_ppm"));
    if (whole(fields, "checksum") != command.checksum()) {
      throw new DamagedException("checksum mismatch");
    }
    return command;
  }

  private static BreakerRule.State readBreaker(byte[] value) {
    Command command = command(value);
    Fields rule = present(present(Fields.read(value).fields(), "value").map("rule"), "rule");
    List<BreakerRule.Source> sources = new ArrayList<>();
    for (Object each : present(rule.list("sources"), "sources")) {
      sources.add(source(each));
    }
    return new BreakerRule.State(
        stamp(command),
        command.capPpm(),
        new BreakerRule.Cut(
            level(whole(rule, "level")),
            claim(rule, "is_latched"),
            whole(rule, "hold_until_ns"),
            wholes(rule, "episodes_ns"),
            texts(rule, "reasons"),
            command.causeIds()),
        manual(rule),
        sources);
  }

  private static AccountRule.State readAccount(byte[] value) {
    Command command = command(value);
    Fields rule = present(present(Fields.read(value).fields(), "value").map("rule"), "rule");
    return new AccountRule.State(
        stamp(command),
        command.capPpm(),
        new AccountRule.Decision(
            whole(rule, "source_epoch"),
            whole(rule, "source_seq"),
            command.posture(),
            whole(rule, "granted_ppm"),
            command.totalPpm(),
            command.factorsPpm(),
            command.isPassiveOnly(),
            texts(rule, "reasons"),
            command.causeIds()),
        manual(rule));
  }

  private static Stamp stamp(Command command) {
    return new Stamp(
        command.account(),
        command.asset(),
        command.epoch(),
        command.seq(),
        command.issuedAtNs(),
        command.expiresAtNs());
  }

  private static BreakerRule.Source source(Object raw) {
    if (!(raw instanceof List<?> row) || row.size() != 8) {
      throw new DamagedException("sources");
    }
    return new BreakerRule.Source(
        text(row.get(0)),
        whole(row.get(1), 0),
        severity(row.get(2)),
        (int) whole(row.get(3), 0),
        (int) whole(row.get(4), 0),
        whole(row.get(5), 0),
        text(row.get(6)),
        text(row.get(7)));
  }

  private static long severity(Object value) {
    return Fields.whole(value, -1, Ppm.ONE).orElseThrow(() -> new DamagedException("severity"));
  }

  private static ManualCut manual(Fields rule) {
    List<?> row = rule.list("manual");
    if (row == null || row.size() != 3) {
      throw new DamagedException("manual");
    }
    return new ManualCut(level(whole(row.get(0), 0)), whole(row.get(1), 0), text(row.get(2)));
  }

  private static int level(long value) {
    if (value > Ppm.WORST_LEVEL) {
      throw new DamagedException("level");
    }
    return (int) value;
  }

  private static long whole(Fields fields, String name) {
    OptionalLong value = fields.whole(name, 0, Long.MAX_VALUE);
    if (value.isEmpty()) {
      throw new DamagedException(name);
    }
    return value.getAsLong();
  }

  private static long whole(Object value, long low) {
    OptionalLong whole = Fields.whole(value, low, Long.MAX_VALUE);
    if (whole.isEmpty()) {
      throw new DamagedException("number");
    }
    return whole.getAsLong();
  }

  private static List<Long> wholes(Fields fields, String name) {
    List<Long> found = new ArrayList<>();
    for (Object each : present(fields.list(name), name)) {
      found.add(whole(each, 0));
    }
    return found;
  }

  private static boolean claim(Fields fields, String name) {
    if (!fields.isTrue(name) && !fields.isFalse(name)) {
      throw new DamagedException(name);
    }
    return fields.isTrue(name);
  }

  private static String text(Fields fields, String name) {
    return present(fields.string(name), name);
  }

  private static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new DamagedException("text");
  }

  private static List<String> texts(Fields fields, String name) {
    List<String> found = new ArrayList<>();
    for (Object each : present(fields.list(name), name)) {
      found.add(text(each));
    }
    return found;
  }

  private static <T> T present(T value, String name) {
    if (value == null) {
      throw new DamagedException(name);
    }
    return value;
  }
}
