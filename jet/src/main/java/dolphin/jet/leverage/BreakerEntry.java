package dolphin.jet.leverage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.msgpack.core.MessageBufferPacker;

/** The entry of an asset: the breaker's state as bytes. */
final class BreakerEntry implements GateRule<BreakerRule.State> {

  private static final int SOURCE_FIELDS = 8;

  @Override
  public BreakerRule.State first(String key) {
    int slash = key.lastIndexOf('/');
    return BreakerRule.State.first(key.substring(0, slash), key.substring(slash + 1));
  }

  @Override
  public Outcome<BreakerRule.State> apply(BreakerRule.State state, Fields signal) {
    return BreakerRule.apply(state, signal);
  }

  @Override
  public Command command(BreakerRule.State state, long fromCapPpm) {
    return state.command(fromCapPpm);
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
  public void pack(MessageBufferPacker packer, BreakerRule.State state) throws IOException {
    BreakerRule.Cut cut = state.cut();
    packer.packMapHeader(7);
    packer.packString("level").packInt(cut.level());
    packer.packString("is_latched").packBoolean(cut.isLatched());
    packer.packString("hold_until_ns").packLong(cut.holdUntilNs());
    Pack.longs(packer, "episodes_ns", cut.episodesNs());
    Pack.manual(packer, state.manual());
    Pack.texts(packer, "reasons", cut.reasons());
    packer.packString("sources").packArrayHeader(state.sources().size());
    for (BreakerRule.Source source : state.sources()) {
      packer.packArrayHeader(SOURCE_FIELDS);
      packer.packString(source.name()).packLong(source.seq()).packLong(source.severityPpm());
      packer.packInt(source.clears()).packInt(source.unclear()).packLong(source.expiresAtNs());
      packer.packString(source.reason()).packString(source.causeId());
    }
  }
}
