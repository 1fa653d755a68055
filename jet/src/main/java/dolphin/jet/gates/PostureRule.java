package dolphin.jet.gates;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;

/**
 * The entry of an account in {@code POSTURE}, as {@code dolphin.core.control.posture_gate} has it:
 * it takes demands of the sensing half, anybody's word that an invariant is broken, and an
 * operator's force, unforce and unlatch. What cannot be read is the worst value.
 */
record PostureRule(Law.Governor law, GovernorRule governor) {

  PostureRule(Law law) {
    this(law.governor(), new GovernorRule(law));
  }

  /** What the sensing half said last. */
  record Said(
      long epoch,
      long seq,
      List<Long> factorsPpm,
      boolean isPassiveOnly,
      List<String> reasons,
      List<String> causeIds) {

    static final Said FIRST =
        new Said(0, 0, AccountRule.NO_FACTORS, true, List.of("nothing known yet"), List.of());

    Said caused(String causeId) {
      return new Said(epoch, seq, factorsPpm, isPassiveOnly, reasons, List.of(causeId));
    }
  }

  /** The operator's last word; {@code note} says why a posture is forced. */
  record Operator(long seq, String note) {
    static final Operator FIRST = new Operator(0, "");
  }

  /** What must survive a full stop. */
  private record Durable(
      boolean isStarted,
      String latch,
      long rStep,
      Posture posture,
      Posture ceiling,
      long operatorSeq) {}

  /** What the entry of one account remembers. */
  record State(
      Stamp stamp, long capPpm, GovernorRule.State governed, Said said, Operator operator) {

    static State first(String account) {
      return new State(
          Stamp.first(account, ""), 0, GovernorRule.State.FIRST, Said.FIRST, Operator.FIRST);
    }
  }

  /** Nothing lies in its future, a latch leaves nothing, no cap exceeds what is granted. */
  boolean isWhole(State state) {
    GovernorRule.State governed = state.governed;
    boolean isLatchedAtNothing = governed.rPpm() == 0 && governed.posture() == Posture.HIBERNATE;
    return governed.rPpm() <= Ppm.ONE
        && governed.riseAnchorNs() <= governed.timeNs()
        && governed.postureSinceNs() <= governed.timeNs()
        && (governed.isStarted() || !governed.isReady())
        && (!governed.isLatched() || isLatchedAtNothing)
        && Collections.max(state.said.factorsPpm) <= Ppm.ONE
        && state.capPpm <= governor.grant(governed).capPpm();
  }

  Object durable(State state) {
    GovernorRule.State governed = state.governed;
    return new Durable(
        governed.isStarted(),
        governed.latch(),
        governed.rPpm() / law.rStepPpm(),
        governed.posture(),
        governed.ceiling(),
        state.operator.seq());
  }

  /** As after a full stop: R is the rounded one, nobody is ready, the lease is over. */
  State restored(State state) {
    Said said = state.said;
    Said silent =
        new Said(
            said.epoch,
            said.seq,
            said.factorsPpm,
            said.isPassiveOnly,
            List.of("restarted"),
            List.of());
    GovernorRule.State governed = state.governed.restored(law.rStepPpm());
    return new State(state.stamp.restored(), 0, governed, silent, state.operator);
  }

  Command command(State state, long fromCapPpm) {
    GovernorRule.Grant grant = governor.grant(state.governed);
    List<Long> factors = new ArrayList<>(state.said.factorsPpm);
    List<String> reasons = new ArrayList<>();
    if (state.governed.isLatched()) {
      factors.set(0, 0L);
      reasons.add("invariant broken: " + state.governed.latch());
    }
    if (!state.operator.note.isEmpty()) {
      reasons.add(state.operator.note);
    }
    reasons.addAll(state.said.reasons);
    return new Command(
        state.stamp.account(),
        "",
        state.stamp.epoch(),
        state.stamp.seq(),
        grant.posture(),
        grant.capPpm(),
        grant.rPpm(),
        factors,
        state.said.isPassiveOnly,
        reasons,
        state.said.causeIds,
        state.governed.timeNs(),
        state.stamp.expiresAtNs(),
        fromCapPpm);
  }

  /** One signal of kind "demand", "broken" or "operator". */
  Outcome<State> apply(State state, Fields signal) {
    return switch (signal.text("kind")) {
      case "demand" -> demanded(state, signal);
      case "broken" -> broken(state, signal);
      case "operator" -> operated(state, signal);
      default -> Outcome.refused(state, "this key takes kinds demand, broken and operator");
    };
  }

  private Outcome<State> demanded(State state, Fields signal) {
    Ordered at = Ordered.read(signal, "time_ns");
    if (at == null) {
      return Outcome.refused(state, "a demand needs epoch, seq and time_ns");
    }
    if (!at.isAfter(state.said.epoch, state.said.seq)) {
      return Outcome.refused(state, "old seq");
    }
    OptionalLong cmdPpm = signal.whole("r_cmd_ppm", 0, Ppm.ONE);
    long nowNs = at.timeNs();
    GovernorRule.Demand demand =
        new GovernorRule.Demand(
            nowNs, signal.isTrue("is_ready"), brokenIn(signal), cmdPpm.orElse(0));
    GovernorRule.State governed = governor.govern(state.governed, demand);
    List<String> reasons = AccountRule.texts(signal.list("reasons"));
    if (cmdPpm.isEmpty()) {
      reasons.add("R unreadable");
    }
    if (governed.rPpm() < demand.rCmdPpm() && !governed.isLatched()) {
      reasons.add("recovering toward R " + demand.rCmdPpm());
    }
    Said said =
        new Said(
            at.epoch(),
            at.seq(),
            AccountRule.factors(signal.list("factors_ppm")),
            !signal.isFalse("passive_only"),
            reasons,
            AccountRule.texts(signal.list("cause_ids")));
    long expiresAtNs = signal.whole("expires_at_ns", 0, Ppm.MAX_NS).orElse(nowNs);
    Stamp stamp = state.stamp.expiringAt(Math.min(expiresAtNs, nowNs + law.leaseMaxNs()));
    return accepted(state, stamp, governed, said, state.operator);
  }

  /** The invariants that a demand names; a list that cannot be read is a broken one. */
  private static List<String> brokenIn(Fields signal) {
    List<?> raw = signal.list("broken");
    List<String> broken = AccountRule.texts(raw);
    if (raw == null || raw.size() != broken.size()) {
      broken.add("broken unreadable");
    }
    return broken;
  }

  private Outcome<State> broken(State state, Fields signal) {
    String source = signal.text("source");
    String reason = signal.text("reason");
    String causeId = signal.text("cause_id");
    String why =
        (source.isEmpty() ? "an unnamed part" : source)
            + ": "
            + (reason.isEmpty() ? "unreadable" : reason);
    Said said =
        causeId.isEmpty() || state.governed.isLatched() ? state.said : state.said.caused(causeId);
    return accepted(state, state.stamp, state.governed.latched(why), said, state.operator);
  }

  private Outcome<State> operated(State state, Fields signal) {
    OptionalLong seq = signal.whole("seq", 1, Ppm.MAX_NS);
    String by = signal.text("by");
    String op = signal.text("op");
    boolean isKnown = op.equals("force") || op.equals("unforce") || op.equals("unlatch");
    if (seq.isEmpty() || by.isEmpty() || !isKnown) {
      return Outcome.refused(
          state, "an operator signal needs op force, unforce or unlatch, by and seq");
    }
    if (seq.getAsLong() <= state.operator.seq) {
      return Outcome.refused(state, "old seq");
    }
    GovernorRule.State governed = state.governed;
    if (op.equals("unlatch")) {
      return unlatched(state, new Operator(seq.getAsLong(), state.operator.note));
    }
    if (op.equals("unforce")) {
      Operator operator = new Operator(seq.getAsLong(), "");
      return accepted(state, state.stamp, governed.under(Posture.APEX), state.said, operator);
    }
    Posture named = Posture.named(signal.string("posture"));
    Posture ceiling = named == null ? Posture.HIBERNATE : named;
    String note = "forced to " + ceiling.name() + " by " + by + ": " + signal.text("reason");
    Operator operator = new Operator(seq.getAsLong(), note);
    return accepted(state, state.stamp, governed.under(ceiling), state.said, operator);
  }

  private Outcome<State> unlatched(State state, Operator operator) {
    GovernorRule.State governed = state.governed;
    if (!governed.isLatched()) {
      return Outcome.refused(state, "nothing is latched");
    }
    if (governed.isBroken() || !governed.isReady()) {
      return Outcome.refused(state, "still broken or not sensed: nothing can be released");
    }
    return accepted(state, state.stamp, governed.released(), state.said, operator);
  }

  private Outcome<State> accepted(
      State before, Stamp stamp, GovernorRule.State governed, Said said, Operator operator) {
    GovernorRule.Grant grant = governor.grant(governed);
    boolean isChanged =
        grant.capPpm() != before.capPpm
            || grant.posture() != governor.grant(before.governed).posture()
            || before.stamp.seq() == 0;
    Stamp next = stamp.at(governed.timeNs()).next();
    return new Outcome<>(new State(next, grant.capPpm(), governed, said, operator), isChanged, "");
  }
}
