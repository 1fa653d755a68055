package dolphin.jet.gates;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;

/**
 * Answers the lines that the oracle extracted from the Coq model answers ({@code
 * formal/coq/oracle/oracle.ml} gives the format), with the rules of the member. {@code
 * tests/formal/test_oracle_java.py} runs it and compares.
 *
 * <p>The rules decide by the law that is packaged, until a line sets other parameters.
 */
final class OracleMain {

  private static final String INVARIANT = "invariant";
  private static final String REFUSED = "refused";

  /** The postures by their rank in the lines. */
  private static final List<Posture> RANKS =
      List.of(Posture.APEX, Posture.STALKER, Posture.TURTLE, Posture.HIBERNATE);

  private final StringTokenizer words;
  private final StringBuilder out = new StringBuilder();

  private final GovernorRule governor;
  private final PostureRule posture;
  private final BreakerRule breaker;
  private final AccountRule account;

  private OracleMain(String line, Law law) {
    words = new StringTokenizer(line, " ");
    governor = new GovernorRule(law);
    posture = new PostureRule(law);
    breaker = new BreakerRule(law);
    account = new AccountRule(law);
  }

  public static void main(String[] args) throws IOException {
    PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Law law = Law.packaged();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      OracleMain asked = new OracleMain(line, law);
      if (line.contains("-params ")) {
        law = asked.changed(law);
      } else {
        answers.print(asked.answer() + "\n");
      }
    }
    answers.flush();
  }

  /** {@code law} with the parameters of the line. */
  private Law changed(Law law) {
    String request = words.nextToken();
    Law.Breaker old = law.breaker();
    return switch (request) {
      case "governor-params" ->
          new Law(
              new Law.Governor(number(), number(), number(), number(), law.governor().rStepPpm()),
              old,
              law.ladder());
      case "breaker-params" -> {
        long holdNs = number();
        long holdMaxNs = number();
        long episodeWindowNs = number();
        yield new Law(
            law.governor(),
            new Law.Breaker(
                holdNs,
                holdMaxNs,
                old.holdStepNs(),
                episodeWindowNs,
                old.maxEpisodes(),
                number(),
                (int) number(),
                old.maxSources(),
                old.tripsAtPpm(),
                old.cutsToPpm()),
            law.ladder());
      }
      default -> throw new IllegalArgumentException("no such parameters: " + request);
    };
  }

  private String answer() {
    String request = words.nextToken();
    switch (request) {
      case "govern" -> put(governor.govern(state(), demand()));
      case "latch" -> put(state().latched("broken"));
      case "restore" -> put(posture.restored(entry(state())).governed());
      case "unlatch" -> unlatch(entry(state()));
      case "force" -> {
        GovernorRule.State state = state();
        put(state.under(posture()));
      }
      case "vote" -> putBreaker(breaker.apply(breaker(), votes()));
      case "operated" -> putBreaker(breaker.apply(breaker(), manual()));
      case "decide" -> putAccount(account.apply(account(), survival()));
      case "operate" -> putAccount(account.apply(account(), manual()));
      default -> throw new IllegalArgumentException("no such request: " + request);
    }
    if (words.hasMoreTokens()) {
      throw new IllegalArgumentException("the line is too long");
    }
    return out.toString().trim();
  }

  // Reading.

  private long number() {
    return Long.parseLong(words.nextToken());
  }

  private boolean truth() {
    return words.nextToken().equals("1");
  }

  private Posture posture() {
    return RANKS.get((int) number());
  }

  /** Adds a reading as the msgpack reader would give it; "-" is a missing one. */
  private void reading(Map<Object, Object> fields, String name) {
    String word = words.nextToken();
    if (!word.equals("-")) {
      BigInteger number = new BigInteger(word);
      fields.put(name, number.bitLength() < Long.SIZE ? (Object) number.longValue() : "beyond");
    }
  }

  private GovernorRule.State state() {
    long timeNs = number();
    boolean isStarted = truth();
    boolean isReady = truth();
    boolean isBroken = truth();
    String latch = truth() ? "latched" : GovernorRule.UNLATCHED;
    long rPpm = number();
    long anchorNs = number();
    Posture posture = posture();
    long sinceNs = number();
    return new GovernorRule.State(
        timeNs, isStarted, isReady, isBroken, latch, rPpm, anchorNs, posture, sinceNs, posture());
  }

  private GovernorRule.Demand demand() {
    long timeNs = number();
    boolean isReady = truth();
    List<String> broken = truth() ? List.of("broken") : List.of();
    return new GovernorRule.Demand(timeNs, isReady, broken, number());
  }

  private static PostureRule.State entry(GovernorRule.State governed) {
    PostureRule.State first = PostureRule.State.first("main");
    return new PostureRule.State(first.stamp(), 0, governed, first.said(), first.operator());
  }

  private void unlatch(PostureRule.State state) {
    Map<Object, Object> signal =
        Map.of("kind", "operator", "op", "unlatch", "by", "anna", "seq", 1L);
    Outcome<PostureRule.State> outcome = posture.apply(state, Fields.of(signal));
    if (outcome.refusal().isEmpty()) {
      put(outcome.state().governed());
    } else {
      out.append(REFUSED);
    }
  }

  private static String name(long number) {
    return number == 0 ? INVARIANT : String.format("s%02d", number);
  }

  private static long number(String name) {
    return name.equals(INVARIANT) ? 0 : Long.parseLong(name.substring(1));
  }

  private ManualCut manualCut() {
    int level = (int) number();
    return new ManualCut(level, number(), "");
  }

  private BreakerRule.State breaker() {
    Stamp stamp = new Stamp("main", "BTCUSDT", number(), number(), number(), number());
    long capPpm = number();
    int level = (int) number();
    boolean isLatched = truth();
    long holdUntilNs = number();
    List<Long> episodes = new ArrayList<>();
    for (long left = number(); left > 0; left--) {
      episodes.add(number());
    }
    ManualCut manual = manualCut();
    List<BreakerRule.Source> sources = new ArrayList<>();
    for (long left = number(); left > 0; left--) {
      sources.add(source());
    }
    BreakerRule.Cut cut =
        new BreakerRule.Cut(level, isLatched, holdUntilNs, episodes, List.of(), List.of());
    return new BreakerRule.State(stamp, capPpm, cut, manual, sources);
  }

  private BreakerRule.Source source() {
    String name = name(number());
    long seq = number();
    long severityPpm = number();
    int clears = (int) number();
    int unclear = (int) number();
    return new BreakerRule.Source(name, seq, severityPpm, clears, unclear, number(), "r", "");
  }

  private Fields votes() {
    List<Object> votes = new ArrayList<>();
    for (long left = number(); left > 0; left--) {
      Map<Object, Object> vote = new HashMap<>();
      vote.put("source", name(number()));
      vote.put("seq", number());
      vote.put("time_ns", number());
      reading(vote, "severity_ppm");
      vote.put("is_clear", truth());
      reading(vote, "expires_at_ns");
      votes.add(vote);
    }
    return Fields.of(Map.of("kind", "vote", "votes", votes));
  }

  private Fields manual() {
    Map<Object, Object> signal = new HashMap<>(Map.of("kind", "manual", "by", "anna"));
    reading(signal, "seq");
    reading(signal, "time_ns");
    String op = words.nextToken();
    signal.put("op", op);
    if (op.equals("cut")) {
      reading(signal, "level");
    }
    return Fields.of(signal);
  }

  private AccountRule.State account() {
    Stamp stamp = new Stamp("main", "", number(), number(), number(), number());
    long capPpm = number();
    Posture posture = posture();
    long grantedPpm = number();
    long totalPpm = number();
    boolean isPassiveOnly = truth();
    long epoch = number();
    long seq = number();
    AccountRule.Decision decision =
        new AccountRule.Decision(
            epoch,
            seq,
            posture,
            grantedPpm,
            totalPpm,
            AccountRule.NO_FACTORS,
            isPassiveOnly,
            List.of(),
            List.of());
    return new AccountRule.State(stamp, capPpm, decision, manualCut());
  }

  private Fields survival() {
    Map<Object, Object> signal = new HashMap<>(Map.of("kind", "survival"));
    reading(signal, "epoch");
    reading(signal, "seq");
    reading(signal, "issued_at_ns");
    reading(signal, "expires_at_ns");
    String posture = words.nextToken();
    if (!posture.equals("-")) {
      signal.put("posture", RANKS.get(Integer.parseInt(posture)).name());
    }
    reading(signal, "cap_ppm");
    reading(signal, "r_total_ppm");
    signal.put("passive_only", truth());
    return Fields.of(signal);
  }

  // Writing.

  private void put(long number) {
    out.append(number).append(' ');
  }

  private void put(boolean truth) {
    put(truth ? 1 : 0);
  }

  private void put(Posture posture) {
    put(RANKS.indexOf(posture));
  }

  private void put(Stamp stamp) {
    put(stamp.epoch());
    put(stamp.seq());
    put(stamp.timeNs());
    put(stamp.expiresAtNs());
  }

  private void put(ManualCut cut) {
    put(cut.level());
    put(cut.seq());
  }

  /** A state is told with what it grants. */
  private void put(GovernorRule.State state) {
    put(state.timeNs());
    put(state.isStarted());
    put(state.isReady());
    put(state.isBroken());
    put(state.isLatched());
    put(state.rPpm());
    put(state.riseAnchorNs());
    put(state.posture());
    put(state.postureSinceNs());
    put(state.ceiling());
    GovernorRule.Grant grant = governor.grant(state);
    put(grant.posture());
    put(grant.capPpm());
    put(grant.rPpm());
  }

  private void putBreaker(Outcome<BreakerRule.State> outcome) {
    if (!outcome.refusal().isEmpty()) {
      out.append(REFUSED);
      return;
    }
    BreakerRule.State state = outcome.state();
    put(state.stamp());
    put(state.capPpm());
    put(state.cut().level());
    put(state.cut().isLatched());
    put(state.cut().holdUntilNs());
    put(state.cut().episodesNs().size());
    state.cut().episodesNs().forEach(this::put);
    put(state.manual());
    put(state.sources().size());
    for (BreakerRule.Source source : state.sources()) {
      put(number(source.name()));
      put(source.seq());
      put(source.severityPpm());
      put(source.clears());
      put(source.unclear());
      put(source.expiresAtNs());
    }
    put(outcome.isChanged());
  }

  private void putAccount(Outcome<AccountRule.State> outcome) {
    if (!outcome.refusal().isEmpty()) {
      out.append(REFUSED);
      return;
    }
    AccountRule.State state = outcome.state();
    put(state.stamp());
    put(state.capPpm());
    put(state.decision().posture());
    put(state.decision().capPpm());
    put(state.decision().totalPpm());
    put(state.decision().isPassiveOnly());
    put(state.decision().epoch());
    put(state.decision().seq());
    put(state.manual());
    put(outcome.isChanged());
  }
}
