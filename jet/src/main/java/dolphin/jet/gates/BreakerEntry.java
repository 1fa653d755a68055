package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;
import java.util.ArrayList;
import java.util.List;

/** The entry of an asset: the breaker's state as bytes. */
record BreakerEntry(BreakerRule breaker) implements GateRule<BreakerRule.State> {

  BreakerEntry(Law law) {
    this(new BreakerRule(law));
  }

  private static final int SOURCE_FIELDS = 8;

  @Override
  public BreakerRule.State first(String key) {
    int slash = key.indexOf('/');
    return BreakerRule.State.first(key.substring(0, slash), key.substring(slash + 1));
  }

  @Override
  public Outcome<BreakerRule.State> apply(BreakerRule.State state, Fields signal) {
    return breaker.apply(state, signal);
  }

  @Override
  public boolean isWhole(BreakerRule.State state) {
    return breaker.isWhole(state);
  }

  @Override
  public Command command(BreakerRule.State state, long fromCapPpm) {
    return breaker.command(state, fromCapPpm);
  }

  @Override
  public long capPpm(BreakerRule.State state) {
    return state.capPpm();
  }

  @Override
  public Object durable(BreakerRule.State state) {
    return state.durable();
  }

  @Override
  public BreakerRule.State restored(BreakerRule.State state) {
    return state.restored();
  }

  @Override
  public BreakerRule.State read(Command command, Stored rule) {
    List<BreakerRule.Source> sources = new ArrayList<>();
    for (Object each : rule.list("sources")) {
      sources.add(source(Stored.row(each, SOURCE_FIELDS)));
    }
    return new BreakerRule.State(
        Stamp.of(command),
        command.capPpm(),
        new BreakerRule.Cut(
            ManualCut.level(rule.whole("level")),
            rule.claim("is_latched"),
            rule.whole("hold_until_ns"),
            rule.wholes("episodes_ns"),
            rule.texts("reasons"),
            command.causeIds()),
        ManualCut.read(rule),
        sources);
  }

  private static BreakerRule.Source source(List<?> row) {
    return new BreakerRule.Source(
        Stored.text(row.get(0)),
        Stored.whole(row.get(1)),
        Stored.whole(row.get(2), BreakerRule.UNKNOWN_PPM, Ppm.ONE),
        (int) Stored.whole(row.get(3)),
        (int) Stored.whole(row.get(4)),
        Stored.whole(row.get(5)),
        Stored.text(row.get(6)),
        Stored.text(row.get(7)));
  }

  @Override
  public void write(Writer writer, BreakerRule.State state) {
    BreakerRule.Cut cut = state.cut();
    writer.map(7);
    writer.text("level").whole(cut.level());
    writer.text("is_latched").claim(cut.isLatched());
    writer.text("hold_until_ns").whole(cut.holdUntilNs());
    writer.text("episodes_ns").wholes(cut.episodesNs());
    state.manual().write(writer);
    writer.text("reasons").texts(cut.reasons());
    writer.text("sources").list(state.sources().size());
    for (BreakerRule.Source source : state.sources()) {
      writer.list(SOURCE_FIELDS);
      writer.text(source.name()).whole(source.seq()).whole(source.severityPpm());
      writer.whole(source.clears()).whole(source.unclear()).whole(source.expiresAtNs());
      writer.text(source.reason()).text(source.causeId());
    }
  }
}
