package dolphin.jet.gates;

import java.util.List;

/**
 * The deciding half of the survival controller ({@code control.md} 1), as {@code
 * dolphin.core.control.governor} has it: integers only, total, no clock.
 *
 * <p>A broken invariant latches at once and an operator alone releases it; R falls at once and
 * rises by at most 1 % a minute of seen time; a posture falls at once and rises one at a time after
 * a dwell.
 */
record GovernorRule(Law.Governor law, Ladder ladder) {

  static final String UNLATCHED = "";

  GovernorRule(Law law) {
    this(law.governor(), law.ladder());
  }

  /** What the readings would allow, as far as the governor needs it. */
  record Demand(long timeNs, boolean isReady, List<String> broken, long rCmdPpm) {}

  /** What the governor remembers; {@code latch} says why f1 is latched at 0. */
  record State(
      long timeNs,
      boolean isStarted,
      boolean isReady,
      boolean isBroken,
      String latch,
      long rPpm,
      long riseAnchorNs,
      Posture posture,
      long postureSinceNs,
      Posture ceiling) {

    static final State FIRST =
        new State(0, false, false, false, UNLATCHED, 0, 0, Posture.HIBERNATE, 0, Posture.APEX);

    boolean isLatched() {
      return !latch.isEmpty();
    }

    /** The state with f1 latched at 0; the first reason stays. */
    State latched(String why) {
      return new State(
          timeNs,
          true,
          isReady,
          isBroken,
          isLatched() ? latch : why,
          0,
          timeNs,
          Posture.HIBERNATE,
          timeNs,
          ceiling);
    }

    /** The state without its latch; the caller has seen that nothing is broken. */
    State released() {
      return new State(
          timeNs, isStarted, isReady, isBroken, UNLATCHED, rPpm, timeNs, posture, timeNs, ceiling);
    }

    State under(Posture newCeiling) {
      return new State(
          timeNs,
          isStarted,
          isReady,
          isBroken,
          latch,
          rPpm,
          riseAnchorNs,
          posture,
          postureSinceNs,
          newCeiling);
    }

    /** Not ready, with R rounded down to {@code stepPpm}: as after a full stop. */
    State restored(long stepPpm) {
      return new State(
          timeNs,
          isStarted,
          false,
          isBroken,
          latch,
          rPpm / stepPpm * stepPpm,
          timeNs,
          posture,
          postureSinceNs,
          ceiling);
    }

    private State heard(long nowNs, boolean isReadyNow, boolean isBrokenNow) {
      return new State(
          nowNs,
          isStarted,
          isReadyNow,
          isBrokenNow,
          latch,
          rPpm,
          riseAnchorNs,
          posture,
          postureSinceNs,
          ceiling);
    }

    private State moved(boolean isStartedNow, long toPpm, long anchorNs, Posture to, long sinceNs) {
      return new State(
          timeNs, isStartedNow, isReady, isBroken, latch, toPpm, anchorNs, to, sinceNs, ceiling);
    }
  }

  /** What holds now. */
  record Grant(Posture posture, long capPpm, long rPpm) {}

  /** The state after a demand. */
  State govern(State state, Demand demand) {
    boolean isBack = demand.timeNs < state.timeNs;
    long nowNs = isBack ? state.timeNs : demand.timeNs;
    boolean isBroken = isBack || !demand.broken.isEmpty();
    State before = state.heard(nowNs, demand.isReady, isBroken);
    if (isBroken) {
      String named = String.join(", ", demand.broken);
      String back = named.isEmpty() ? "time stepped back" : named + ", time stepped back";
      return before.latched(isBack ? back : named);
    }
    if (state.isLatched()) {
      return before.latched(state.latch);
    }
    if (!demand.isReady) {
      return before.moved(state.isStarted, state.rPpm, nowNs, state.posture, nowNs);
    }
    if (!state.isStarted) {
      return before.moved(true, demand.rCmdPpm, nowNs, ladder.first(demand.rCmdPpm), nowNs);
    }
    return recovered(state, before, demand.rCmdPpm);
  }

  Grant grant(State state) {
    if (state.isLatched() || !state.isReady) {
      return new Grant(Posture.HIBERNATE, 0, 0);
    }
    Posture posture = state.posture.worse(state.ceiling);
    return new Grant(posture, ladder.cap(posture, state.rPpm), state.rPpm);
  }

  /**
   * R and posture after an ordinary demand. Unseen time earns neither recovery nor dwell; after one
   * that was not ready, or a full stop, nothing was seen.
   */
  private State recovered(State state, State before, long cmdPpm) {
    long nowNs = before.timeNs;
    long unseenNs = Math.max(0, nowNs - state.timeNs - (state.isReady ? law.seenNs() : 0));
    long anchorNs = nowNs;
    long rPpm = cmdPpm;
    if (cmdPpm > state.rPpm) {
      long from = state.riseAnchorNs + unseenNs;
      long gainPpm = (nowNs - from) / law.recoveryNsPerPpm();
      if (state.rPpm + gainPpm < cmdPpm) {
        rPpm = state.rPpm + gainPpm;
        anchorNs = from + gainPpm * law.recoveryNsPerPpm();
      }
    }
    long sinceNs = state.postureSinceNs + unseenNs;
    Posture posture = ladder.fallen(state.posture, rPpm);
    if (posture == state.posture && nowNs - sinceNs >= law.dwellNs()) {
      posture = ladder.risen(posture, rPpm);
    }
    return before.moved(true, rPpm, anchorNs, posture, posture == state.posture ? sinceNs : nowNs);
  }
}
