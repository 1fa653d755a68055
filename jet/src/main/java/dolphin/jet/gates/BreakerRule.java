package dolphin.jet.gates;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The adaptive cut-off of one asset ({@code control.md} 2), as {@code dolphin.core.control.breaker}
 * has it: integers only, total, no clock. Tightening happens at once; loosening needs consecutive
 * clear and fresh readings of every source, and the hold to be over, and goes one level a step.
 */
record BreakerRule(Law law, Law.Breaker breaker) {

  static final long UNKNOWN_PPM = -1;
  private static final String INVARIANT = "invariant";

  BreakerRule(Law law) {
    this(law, law.breaker());
  }

  /** The last reading of one source; bit i of {@code unclear}: the reading i ago was not clear. */
  record Source(
      String name,
      long seq,
      long severityPpm,
      int clears,
      int unclear,
      long expiresAtNs,
      String reason,
      String causeId) {

    /** The same reading, not counted as clear. */
    Source doubted() {
      return new Source(name, seq, severityPpm, 0, unclear, expiresAtNs, reason, causeId);
    }
  }

  /** The cut in force and what holds it. */
  record Cut(
      int level,
      boolean isLatched,
      long holdUntilNs,
      List<Long> episodesNs,
      List<String> reasons,
      List<String> causeIds) {

    /** Nothing is known of an asset at first: cut to 0. */
    static final Cut FIRST =
        new Cut(Law.WORST_LEVEL, false, 0, List.of(), List.of("nothing known yet"), List.of());
  }

  /** What the breaker of one asset remembers; {@code sources} by name. */
  record State(Stamp stamp, long capPpm, Cut cut, ManualCut manual, List<Source> sources) {

    static State first(String account, String asset) {
      return new State(Stamp.first(account, asset), 0, Cut.FIRST, ManualCut.NONE, List.of());
    }

    /** What must survive a full stop. */
    Object durable() {
      return List.of(cut.level, cut.isLatched, cut.holdUntilNs, cut.episodesNs, manual);
    }

    /** As after a full stop: the cut stands, nobody has been clear, the lease is over. */
    State restored() {
      List<Source> doubted = sources.stream().map(Source::doubted).toList();
      return new State(stamp.restored(), capPpm, cut, manual, doubted);
    }
  }

  /** One reading that can be ordered. */
  private record Vote(
      String source,
      long seq,
      long timeNs,
      long severityPpm,
      boolean isClear,
      String reason,
      String causeId,
      long expiresAtNs) {}

  Command command(State state, long fromCapPpm) {
    int level = Math.max(state.cut.level, state.manual.level());
    return new Command(
        state.stamp.account(),
        state.stamp.asset(),
        state.stamp.epoch(),
        state.stamp.seq(),
        state.capPpm > 0 ? Posture.APEX : Posture.TURTLE,
        state.capPpm,
        breaker.cutsToPpm().get(level),
        List.of(),
        false,
        state.manual.noted(state.cut.reasons),
        state.cut.causeIds,
        state.stamp.timeNs(),
        state.stamp.expiresAtNs(),
        fromCapPpm);
  }

  /** No cap exceeds its cuts, no episode lies ahead, no hold is longer than any. */
  boolean isWhole(State state) {
    Cut cut = state.cut;
    long nowNs = state.stamp.timeNs();
    long longestNs = nowNs + breaker.holdMaxNs() + breaker.holdStepNs();
    return state.capPpm <= law.capAt(Math.max(cut.level, state.manual.level()))
        && cut.holdUntilNs <= longestNs
        && cut.episodesNs.size() <= breaker.maxEpisodes()
        && cut.episodesNs.stream().allMatch(atNs -> atNs <= nowNs);
  }

  /** One signal of kind "vote" or "manual". An old {@code (source, seq)} changes nothing. */
  Outcome<State> apply(State state, Fields signal) {
    String kind = signal.text("kind");
    if (kind.equals("manual")) {
      ManualCut.Applied applied = state.manual.apply(signal);
      return applied.refusal().isEmpty()
          ? accepted(
              state, state.stamp.at(applied.timeNs()), state.cut, applied.cut(), state.sources)
          : Outcome.refused(state, applied.refusal());
    }
    if (!kind.equals("vote")) {
      return Outcome.refused(state, "this key takes kinds vote and manual");
    }
    List<Vote> votes = votes(signal);
    if (votes.isEmpty()) {
      return Outcome.refused(state, "no vote with a source, a seq and a time");
    }
    votes.removeIf(vote -> vote.seq <= seqOf(state, vote.source));
    return votes.isEmpty() ? Outcome.refused(state, "old seq") : voted(state, votes);
  }

  private static List<Vote> votes(Fields signal) {
    List<Vote> found = new ArrayList<>();
    if (!signal.has("votes")) {
      addVote(found, signal);
    } else if (signal.list("votes") != null) {
      for (Object each : signal.list("votes")) {
        Fields fields = Fields.of(each);
        if (fields != null) {
          addVote(found, fields);
        }
      }
    }
    return found;
  }

  /** Adds the vote in {@code fields} if it can be ordered; what else is unreadable is the worst. */
  private static void addVote(List<Vote> found, Fields fields) {
    String source = fields.text("source");
    OptionalLong seq = fields.whole("seq", 1, Ppm.MAX_NS);
    OptionalLong timeNs = fields.whole("time_ns", 0, Ppm.MAX_NS);
    if (source.isEmpty() || seq.isEmpty() || timeNs.isEmpty()) {
      return;
    }
    found.add(
        new Vote(
            source,
            seq.getAsLong(),
            timeNs.getAsLong(),
            fields.whole("severity_ppm", UNKNOWN_PPM, Ppm.ONE).orElse(Ppm.ONE),
            fields.isTrue("is_clear"),
            fields.text("reason"),
            fields.text("cause_id"),
            fields.whole("expires_at_ns", 0, Ppm.MAX_NS).orElse(timeNs.getAsLong())));
  }

  private static long seqOf(State state, String name) {
    for (Source source : state.sources) {
      if (source.name.equals(name)) {
        return source.seq;
      }
    }
    return 0;
  }

  private Outcome<State> voted(State state, List<Vote> votes) {
    TreeMap<String, Source> sources = new TreeMap<>();
    state.sources.forEach(source -> sources.put(source.name, source));
    boolean hasOverflow = false;
    long nowNs = state.stamp.timeNs();
    long expiresAtNs = Long.MAX_VALUE;
    for (Vote vote : votes) {
      nowNs = Math.max(nowNs, vote.timeNs);
      expiresAtNs = Math.min(expiresAtNs, vote.expiresAtNs);
      Source previous = sources.get(vote.source);
      if (previous == null && sources.size() >= breaker.maxSources()) {
        hasOverflow = true;
      } else if (previous == null || vote.seq > previous.seq) {
        sources.put(vote.source, reading(previous, vote));
      }
    }
    List<Source> ordered = List.copyOf(sources.values());
    List<Source> counted = counted(ordered, votes, nowNs);
    int target = hasOverflow ? Law.WORST_LEVEL : levelOf(combined(counted));
    Stamp stamp = state.stamp.at(nowNs).expiringAt(expiresAtNs);
    Cut held = target > 0 ? held(state.cut, ordered, nowNs) : state.cut;
    return accepted(
        state,
        stamp,
        moved(held, target, counted, ordered, hasOverflow, nowNs),
        state.manual,
        ordered);
  }

  private Source reading(Source previous, Vote vote) {
    boolean isClear =
        vote.isClear && 0 <= vote.severityPpm && vote.severityPpm < breaker.clearPpm();
    int isUnclear = vote.severityPpm >= breaker.clearPpm() ? 1 : 0;
    int clears = previous == null ? 0 : previous.clears;
    int unclear = previous == null ? 0 : previous.unclear;
    return new Source(
        vote.source,
        vote.seq,
        vote.severityPpm,
        isClear ? Math.min(clears + 1, breaker.clears()) : 0,
        (unclear << 1 | isUnclear) & 0b111,
        vote.expiresAtNs,
        vote.reason,
        vote.causeId);
  }

  /** The sources whose severity counts now: fresh ones, and those that just voted, however late. */
  private static List<Source> counted(List<Source> sources, List<Vote> votes, long nowNs) {
    List<Source> found = new ArrayList<>();
    for (Source source : sources) {
      boolean isNew = votes.stream().anyMatch(vote -> vote.source.equals(source.name));
      if (source.severityPpm > 0 && (isNew || nowNs < source.expiresAtNs)) {
        found.add(source);
      }
    }
    return found;
  }

  /** Noisy-or of severities, rounded up. */
  private static long combined(List<Source> sources) {
    long calmPpm = Ppm.ONE;
    for (Source source : sources) {
      calmPpm = Ppm.mul(calmPpm, Ppm.ONE - source.severityPpm);
    }
    return Ppm.ONE - calmPpm;
  }

  private int levelOf(long severityPpm) {
    int level = 0;
    for (long threshold : breaker.tripsAtPpm()) {
      level += severityPpm >= threshold ? 1 : 0;
    }
    return level;
  }

  /** The cut with its hold begun or renewed, if the trip is more than one bad reading. */
  private Cut held(Cut cut, List<Source> sources, long nowNs) {
    boolean latches =
        sources.stream()
            .anyMatch(
                source ->
                    Integer.bitCount(source.unclear) >= 2
                        || (source.name.equals(INVARIANT) && (source.unclear & 1) == 1));
    if (!latches) {
      return cut;
    }
    List<Long> recent = new ArrayList<>();
    for (long atNs : cut.episodesNs) {
      if (nowNs - atNs < breaker.episodeWindowNs()) {
        recent.add(atNs);
      }
    }
    if (!cut.isLatched) {
      recent.add(nowNs);
      recent = recent.subList(Math.max(0, recent.size() - breaker.maxEpisodes()), recent.size());
    }
    int doublings = Math.max(0, recent.size() - 1);
    boolean isLongest = breaker.holdNs() > breaker.holdMaxNs() >> doublings; // else it fits 64 bits
    long holdNs = isLongest ? breaker.holdMaxNs() : breaker.holdNs() << doublings;
    return new Cut(
        cut.level,
        true,
        Math.max(cut.holdUntilNs, wholeSteps(nowNs + holdNs)),
        List.copyOf(recent),
        cut.reasons,
        cut.causeIds);
  }

  /** Rounded up, so that a hold that every reading renews is not a disk write each time. */
  private long wholeSteps(long atNs) {
    return (atNs + breaker.holdStepNs() - 1) / breaker.holdStepNs() * breaker.holdStepNs();
  }

  /** The cut after its target level is known: up at once, down one level when all is clear. */
  private Cut moved(
      Cut cut,
      int target,
      List<Source> counted,
      List<Source> sources,
      boolean hasOverflow,
      long nowNs) {
    if (target > cut.level) {
      return tightened(cut, target, counted, hasOverflow);
    }
    if (target == cut.level || !mayLoosen(cut, sources, nowNs)) {
      return cut;
    }
    int level = cut.level - 1;
    return level == 0
        ? new Cut(0, false, cut.holdUntilNs, cut.episodesNs, List.of(), List.of())
        : new Cut(
            level,
            cut.isLatched,
            cut.holdUntilNs,
            cut.episodesNs,
            List.of("every source clear: loosened to level " + level),
            List.of());
  }

  private Cut tightened(Cut cut, int target, List<Source> counted, boolean hasOverflow) {
    List<Source> guilty =
        counted.stream().filter(source -> source.severityPpm >= breaker.clearPpm()).toList();
    List<String> reasons = new ArrayList<>();
    List<String> causes = new ArrayList<>();
    for (Source source : guilty.isEmpty() ? counted : guilty) {
      reasons.add(source.name + ": " + source.reason);
      if (!source.causeId.isEmpty()) {
        causes.add(source.causeId);
      }
    }
    if (hasOverflow) {
      reasons.add("more sources than can be remembered");
    }
    return new Cut(target, cut.isLatched, cut.holdUntilNs, cut.episodesNs, reasons, causes);
  }

  private boolean mayLoosen(Cut cut, List<Source> sources, long nowNs) {
    boolean isHeld = cut.isLatched && nowNs < cut.holdUntilNs;
    return !isHeld
        && sources.stream()
            .allMatch(source -> source.clears >= breaker.clears() && nowNs < source.expiresAtNs);
  }

  private Outcome<State> accepted(
      State before, Stamp stamp, Cut cut, ManualCut manual, List<Source> sources) {
    long capPpm = law.capAt(Math.max(cut.level, manual.level()));
    boolean isChanged = capPpm != before.capPpm || before.stamp.seq() == 0;
    return new Outcome<>(new State(stamp.next(), capPpm, cut, manual, sources), isChanged, "");
  }
}
