package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;
import java.util.ArrayList;
import java.util.List;

/** The entry of an account in {@code POSTURE}: the governor's state as bytes. */
record PostureEntry(PostureRule posture) implements GateRule<PostureRule.State> {

  PostureEntry(Law law) {
    this(new PostureRule(law));
  }

  @Override
  public PostureRule.State first(String key) {
    return PostureRule.State.first(key);
  }

  @Override
  public Outcome<PostureRule.State> apply(PostureRule.State state, Fields signal) {
    return posture.apply(state, signal);
  }

  @Override
  public boolean isWhole(PostureRule.State state) {
    return posture.isWhole(state);
  }

  @Override
  public Command command(PostureRule.State state, long fromCapPpm) {
    return posture.command(state, fromCapPpm);
  }

  @Override
  public long capPpm(PostureRule.State state) {
    return state.capPpm();
  }

  @Override
  public Object durable(PostureRule.State state) {
    return posture.durable(state);
  }

  @Override
  public PostureRule.State restored(PostureRule.State state) {
    return posture.restored(state);
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
  public void write(Writer writer, PostureRule.State state) {
    GovernorRule.State governed = state.governed();
    PostureRule.Said said = state.said();
    writer.map(15);
    writer.text("is_started").claim(governed.isStarted());
    writer.text("is_ready").claim(governed.isReady());
    writer.text("is_broken").claim(governed.isBroken());
    writer.text("latch").text(governed.latch());
    writer.text("r_ppm").whole(governed.rPpm());
    writer.text("rise_anchor_ns").whole(governed.riseAnchorNs());
    writer.text("posture").text(governed.posture().name());
    writer.text("posture_since_ns").whole(governed.postureSinceNs());
    writer.text("ceiling").text(governed.ceiling().name());
    writer.text("f1_ppm").whole(said.factorsPpm().get(0));
    writer.text("source_epoch").whole(said.epoch());
    writer.text("source_seq").whole(said.seq());
    writer.text("operator_seq").whole(state.operator().seq());
    writer.text("note").text(state.operator().note());
    writer.text("reasons").texts(said.reasons());
  }
}
