package dolphin.jet.leverage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.msgpack.core.MessageBufferPacker;

/** The entry of an account in {@code POSTURE}: the governor's state as bytes. */
final class PostureEntry implements GateRule<PostureRule.State> {

  @Override
  public PostureRule.State first(String key) {
    return PostureRule.State.first(key);
  }

  @Override
  public Outcome<PostureRule.State> apply(PostureRule.State state, Fields signal) {
    return PostureRule.apply(state, signal);
  }

  @Override
  public Command command(PostureRule.State state, long fromCapPpm) {
    return state.command(fromCapPpm);
  }

  @Override
  public long capPpm(PostureRule.State state) {
    return state.capPpm();
  }

  @Override
  public Object durable(PostureRule.State state) {
    return state.durable();
  }

  @Override
  public PostureRule.State restored(PostureRule.State state) {
    return state.restored();
  }

  @Override
  public PostureRule.State read(Command command, Stored rule) {
    List<Long> factors = new ArrayList<>(command.factorsPpm());
    if (factors.size() != AccountRule.FACTORS) {
      throw new DamagedException("factors_ppm");
    }
    factors.set(0, rule.whole("f1_ppm"));
    return new PostureRule.State(
        Stamp.of(command),
        command.capPpm(),
        new GovernorRule.State(
            command.issuedAtNs(),
            rule.claim("is_started"),
            rule.claim("is_ready"),
            rule.claim("is_broken"),
            rule.text("latch"),
            rule.whole("r_ppm"),
            rule.whole("rise_anchor_ns"),
            rule.posture("posture"),
            rule.whole("posture_since_ns"),
            rule.posture("ceiling")),
        new PostureRule.Said(
            rule.whole("source_epoch"),
            rule.whole("source_seq"),
            factors,
            command.isPassiveOnly(),
            rule.texts("reasons"),
            command.causeIds()),
        new PostureRule.Operator(rule.whole("operator_seq"), rule.text("note")));
  }

  @Override
  public void pack(MessageBufferPacker packer, PostureRule.State state) throws IOException {
    GovernorRule.State governed = state.governed();
    PostureRule.Said said = state.said();
    packer.packMapHeader(15);
    packer.packString("is_started").packBoolean(governed.isStarted());
    packer.packString("is_ready").packBoolean(governed.isReady());
    packer.packString("is_broken").packBoolean(governed.isBroken());
    packer.packString("latch").packString(governed.latch());
    packer.packString("r_ppm").packLong(governed.rPpm());
    packer.packString("rise_anchor_ns").packLong(governed.riseAnchorNs());
    packer.packString("posture").packString(governed.posture().name());
    packer.packString("posture_since_ns").packLong(governed.postureSinceNs());
    packer.packString("ceiling").packString(governed.ceiling().name());
    packer.packString("f1_ppm").packLong(said.factorsPpm().get(0));
    packer.packString("source_epoch").packLong(said.epoch());
    packer.packString("source_seq").packLong(said.seq());
    packer.packString("operator_seq").packLong(state.operator().seq());
    packer.packString("note").packString(state.operator().note());
    Pack.texts(packer, "reasons", said.reasons());
  }
}
