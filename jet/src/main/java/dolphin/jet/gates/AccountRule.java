package dolphin.jet.gates;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The entry of an account: the last decision of the survival controller under an operator's cut, as
 * {@code dolphin.core.control.account_gate} has it. What cannot be read is the worst value.
 */
record AccountRule(Law law) {

  private static final int MAX_REASONS = 32;
  static final List<Long> NO_FACTORS = List.of(0L, 0L, 0L, 0L, 0L);
  static final int FACTORS = NO_FACTORS.size();

  /** What the controller said last; {@code capPpm} is before the manual cut. */
  record Decision(
      long epoch,
      long seq,
      Posture posture,
      long capPpm,
      long totalPpm,
      List<Long> factorsPpm,
      boolean isPassiveOnly,
      List<String> reasons,
      List<String> causeIds) {

    static final Decision FIRST =
        new Decision(
            0,
            0,
            Posture.HIBERNATE,
            0,
            0,
            NO_FACTORS,
            true,
            List.of("nothing known yet"),
            List.of());

    /** As after a full stop: nothing is granted before the controller's next word. */
    Decision restored() {
      return new Decision(
          epoch,
          seq,
          Posture.HIBERNATE,
          0,
          totalPpm,
          factorsPpm,
          isPassiveOnly,
          List.of("restarted"),
          List.of());
    }
  }

  /** What the entry of one account remembers; {@code capPpm} is after the manual cut. */
  record State(Stamp stamp, long capPpm, Decision decision, ManualCut manual) {

    static State first(String account) {
      return new State(Stamp.first(account, ""), 0, Decision.FIRST, ManualCut.NONE);
    }

    State restored() {
      return new State(stamp.restored(), 0, decision.restored(), manual);
    }

    Command command(long fromCapPpm) {
      return new Command(
          stamp.account(),
          "",
          stamp.epoch(),
          stamp.seq(),
          decision.posture,
          capPpm,
          decision.totalPpm,
          decision.factorsPpm,
          decision.isPassiveOnly,
          manual.noted(decision.reasons),
          decision.causeIds,
          stamp.timeNs(),
          stamp.expiresAtNs(),
          fromCapPpm);
    }
  }

  /** No cap exceeds what the posture, the controller and the operator's cut leave. */
  boolean isWhole(State state) {
    Decision decision = state.decision;
    return decision.totalPpm <= Ppm.ONE
        && decision.factorsPpm.stream().allMatch(each -> each <= Ppm.ONE)
        && decision.capPpm <= law.ladder().capPpm(decision.posture)
        && state.capPpm <= Math.min(decision.capPpm, law.capAt(state.manual.level()));
  }

  /** One signal of kind "survival" or "manual". An old {@code (epoch, seq)} changes nothing. */
  Outcome<State> apply(State state, Fields signal) {
    String kind = signal.text("kind");
    if (kind.equals("manual")) {
      ManualCut.Applied applied = state.manual.apply(signal);
      return applied.refusal().isEmpty()
          ? accepted(state, state.stamp.at(applied.timeNs()), state.decision, applied.cut())
          : Outcome.refused(state, applied.refusal());
    }
    if (kind.equals("survival")) {
      return decided(state, signal);
    }
    return Outcome.refused(state, "this key takes kinds survival and manual");
  }

  private Outcome<State> decided(State state, Fields signal) {
    Ordered at = Ordered.read(signal, "issued_at_ns");
    if (at == null) {
      return Outcome.refused(state, "a survival signal needs epoch, seq and issued_at_ns");
    }
    if (!at.isAfter(state.decision.epoch, state.decision.seq)) {
      return Outcome.refused(state, "old seq");
    }
    Decision decision = decision(signal, at);
    long expiresAtNs = signal.whole("expires_at_ns", 0, Ppm.MAX_NS).orElse(at.timeNs());
    Stamp stamp = state.stamp.at(at.timeNs()).expiringAt(expiresAtNs);
    return accepted(state, stamp, decision, state.manual);
  }

  private Decision decision(Fields signal, Ordered at) {
    List<String> reasons = texts(signal.list("reasons"));
    Posture posture = Posture.named(signal.string("posture"));
    if (posture == null) {
      posture = Posture.HIBERNATE;
      reasons.add("posture unreadable");
    }
    OptionalLong capPpm = signal.whole("cap_ppm", 0, law.ladder().maxLeveragePpm());
    if (capPpm.isEmpty()) {
      reasons.add("cap unreadable");
    }
    return new Decision(
        at.epoch(),
        at.seq(),
        posture,
        Math.min(capPpm.orElse(0), law.ladder().capPpm(posture)),
        signal.whole("r_total_ppm", 0, Ppm.ONE).orElse(0),
        factors(signal.list("factors_ppm")),
        !signal.isFalse("passive_only"),
        reasons,
        texts(signal.list("cause_ids")));
  }

  static List<Long> factors(List<?> raw) {
    if (raw == null || raw.size() != FACTORS) {
      return NO_FACTORS;
    }
    List<Long> found = new ArrayList<>();
    for (Object each : raw) {
      OptionalLong factor = Fields.whole(each, 0, Ppm.ONE);
      if (factor.isEmpty()) {
        return NO_FACTORS;
      }
      found.add(factor.getAsLong());
    }
    return found;
  }

  static List<String> texts(List<?> raw) {
    List<String> found = new ArrayList<>();
    if (raw == null) {
      return found;
    }
    for (Object each : raw) {
      String text = Fields.text(each);
      if (!text.isEmpty() && found.size() < MAX_REASONS) {
        found.add(text);
      }
    }
    return found;
  }

  private Outcome<State> accepted(State before, Stamp stamp, Decision decision, ManualCut manual) {
    long capPpm = Math.min(decision.capPpm, law.capAt(manual.level()));
    boolean isChanged =
        capPpm != before.capPpm
            || decision.posture != before.decision.posture
            || before.stamp.seq() == 0;
    return new Outcome<>(new State(stamp.next(), capPpm, decision, manual), isChanged, "");
  }
}
