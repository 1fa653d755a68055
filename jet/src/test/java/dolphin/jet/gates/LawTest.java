package dolphin.jet.gates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers of the law come from its file and nowhere else, and decide. */
class LawTest {

  private static final String FILE = Law.text("law.toml");
  private static final Law LAW = Law.read(FILE);
  private static final long SECOND_NS = 1_000_000_000;
  private static final long START_NS = 1_700_000_000 * SECOND_NS;

  /** Where each number of the file is found again. */
  private static final Map<String, Function<Law, Object>> NUMBERS =
      Map.ofEntries(
          Map.entry("recovery_ns_per_ppm", law -> law.governor().recoveryNsPerPpm()),
          Map.entry("dwell_ns", law -> law.governor().dwellNs()),
          Map.entry("seen_ns", law -> law.governor().seenNs()),
          Map.entry("lease_max_ns", law -> law.governor().leaseMaxNs()),
          Map.entry("r_step_ppm", law -> law.governor().rStepPpm()),
          Map.entry("hold_ns", law -> law.breaker().holdNs()),
          Map.entry("hold_max_ns", law -> law.breaker().holdMaxNs()),
          Map.entry("hold_step_ns", law -> law.breaker().holdStepNs()),
          Map.entry("episode_window_ns", law -> law.breaker().episodeWindowNs()),
          Map.entry("max_episodes", law -> law.breaker().maxEpisodes()),
          Map.entry("clear_ppm", law -> law.breaker().clearPpm()),
          Map.entry("clears", law -> law.breaker().clears()),
          Map.entry("max_sources", law -> law.breaker().maxSources()),
          Map.entry("trips_at_ppm", law -> law.breaker().tripsAtPpm()),
          Map.entry("cuts_to_ppm", law -> law.breaker().cutsToPpm()),
          Map.entry("max_leverage_ppm", law -> law.ladder().maxLeveragePpm()),
          Map.entry("stalker_below_ppm", law -> law.ladder().stalker().enterBelowPpm()),
          Map.entry("stalker_above_ppm", law -> law.ladder().stalker().leaveAbovePpm()),
          Map.entry("stalker_cap_ppm", law -> law.ladder().stalker().capPpm()),
          Map.entry("turtle_below_ppm", law -> law.ladder().turtle().enterBelowPpm()),
          Map.entry("turtle_above_ppm", law -> law.ladder().turtle().leaveAbovePpm()),
          Map.entry("hibernate_below_ppm", law -> law.ladder().hibernate().enterBelowPpm()),
          Map.entry("hibernate_above_ppm", law -> law.ladder().hibernate().leaveAbovePpm()));

  @Test
  void theJarHasTheFileThatPythonReads() throws IOException {
    assertEquals(Files.readString(Path.of("..", "src", "dolphin", "core", "law.toml")), FILE);
    assertEquals(LAW, Law.packaged());
  }

  @Test
  void aJarWithoutItIsNamed() {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> Law.text("no.toml"));
    assertEquals("the jar lacks no.toml. Build it again", refused.getMessage());
  }

  @Test
  void everyNumberIsTheOneOfItsName() {
    NUMBERS.forEach(
        (name, number) -> {
          Object before = number.apply(LAW);
          long shift = name.equals("max_leverage_ppm") || name.equals("lease_max_ns") ? -1 : 1;
          if (before instanceof List<?> row) {
            List<Object> changed = new ArrayList<>(row);
            changed.set(1, (Long) row.get(1) - 1);
            assertEquals(changed, number.apply(law(name, changed.toString())));
          } else {
            long changed = ((Number) before).longValue() + shift;
            Object after = number.apply(law(name, String.valueOf(changed)));
            assertEquals(changed, ((Number) after).longValue(), name);
          }
        });
  }

  @Test
  void bothEndsOfARangeAreInIt() {
    assertEquals(1, law("clears", "1").breaker().clears());
    assertEquals(100, law("clears", "100").breaker().clears());
    long holdNs = LAW.breaker().holdNs();
    assertEquals(holdNs, law("hold_max_ns", String.valueOf(holdNs)).breaker().holdMaxNs());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "clears | 0 | breaker.clears = 0: must be a whole number from 1 to 100",
        "clears | 101 | breaker.clears = 101: must be a whole number from 1 to 100",
        "clears | 2.0 | breaker.clears = 2.0: must be a whole number from 1 to 100",
        "clears | true | breaker.clears = true: must be a whole number from 1 to 100",
        "clears | \"3\" | breaker.clears = 3: must be a whole number from 1 to 100",
        "clears | [3] | breaker.clears = [3]: must be a whole number from 1 to 100",
        "clears | 18446744073709551617 |"
            + " breaker.clears = 18446744073709551617: must be a whole number from 1 to 100",
        "dwell_ns | 1 | governor.dwell_ns = 1: must be a whole number from"
            + " 60000000000 to 3600000000000",
        "stalker_cap_ppm | 6000001 | posture.stalker_cap_ppm = 6000001: must be a whole number"
            + " from 0 to 6000000",
        "hold_max_ns | 1000000000 | breaker.hold_max_ns = 1000000000: must not be below hold_ns",
        "trips_at_ppm | [1, 2, 3] | breaker.trips_at_ppm = [1, 2, 3]: must be a list of 4",
        "trips_at_ppm | 4 | breaker.trips_at_ppm = 4: must be a list of 4",
        "trips_at_ppm | [1, 2, 3, 0] | breaker.trips_at_ppm = 0: must be a whole number"
            + " from 1 to 1000000",
        "cuts_to_ppm | [4, 3, 2, 1] | breaker.cuts_to_ppm = [4, 3, 2, 1]: must be a list of 5",
      })
  void aNumberThatIsNotAsItShouldBeIsNamed(String name, String value, String said) {
    assertRefused(changed(FILE, name, value), said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cuts_to_ppm | [0, 200000, 450000, 750000, 1000000] | [breaker.cuts_to_ppm]"
            + " = [0, 200000, 450000, 750000, 1000000]: must be strictly falling",
        "cuts_to_ppm | [9, 8, 7, 7, 0] | [breaker.cuts_to_ppm] = [9, 8, 7, 7, 0]:"
            + " must be strictly falling",
        "trips_at_ppm | [5, 4, 6, 7] | [breaker.trips_at_ppm] = [5, 4, 6, 7]:"
            + " must be strictly rising",
        "trips_at_ppm | [5, 5, 6, 7] | [breaker.trips_at_ppm] = [5, 5, 6, 7]:"
            + " must be strictly rising",
        "stalker_cap_ppm | 6000000 | [posture.max_leverage_ppm, posture.stalker_cap_ppm]"
            + " = [6000000, 6000000]: must be strictly falling",
      })
  void numbersThatAreNotInTheirOrderAreNamed(String name, String value, String said) {
    assertRefused(changed(FILE, name, value), said);
  }

  @Test
  void thresholdsThatDoNotRiseAreNamed() {
    String said =
        assertThrows(IllegalArgumentException.class, () -> law("turtle_below_ppm", "860000"))
            .getMessage();
    assertTrue(said.contains("860000, 500000"), said);
    assertTrue(said.contains("must be strictly rising"), said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "falling = [[\"nothing\"]] | nothing = null: must have a range of whole numbers, low and"
            + " high",
        "falling = [[\"breaker.nothing\"]] | breaker.nothing = null: must have a range of whole"
            + " numbers, low and high",
        "falling = 1 | falling = 1: must be lists of names",
        "'' | falling = null: must be lists of names",
      })
  void anOrderOfNoNumbersIsNamed(String written, String said) {
    String law = FILE.replaceAll("(?s)\nfalling = \\[\n.*?\n\\]\n", "\n" + written + "\n");
    assertNotEquals(FILE, law);
    assertRefused(law, said);
  }

  @Test
  void anOrderOfOneNameNeedsNoList() {
    String law =
        FILE.replaceAll(
            "(?s)\nfalling = \\[\n.*?\n\\]\n", "\nfalling = [\"breaker.cuts_to_ppm\"]\n");
    assertEquals(LAW, Law.read(law));
  }

  @ParameterizedTest
  @ValueSource(strings = {"clears", "dwell_ns", "turtle_below_ppm", "max_sources"})
  void aNumberThatIsMissingIsNamed(String name) {
    String section =
        name.startsWith("turtle") ? "posture" : name.equals("dwell_ns") ? "governor" : "breaker";
    assertRefused(
        FILE.replaceAll("(?m)^" + name + " = .*$", ""),
        section + "." + name + " = null: must have a range of whole numbers, low and high");
  }

  @Test
  void aRowThatIsMissingIsNamed() {
    assertRefused(
        FILE.replaceAll("(?m)^cuts_to_ppm = .*$", ""),
        "breaker.cuts_to_ppm = null: must be a list of 5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"clears = 3", "clears = { value = 3, low = 1 }"})
  void aNumberWithoutItsRangeIsNamed(String written) {
    String held = written.contains("{") ? "3" : "null";
    assertRefused(
        FILE.replaceAll("(?m)^clears = .*$", written),
        "breaker.clears = " + held + ": must have a range of whole numbers, low and high");
  }

  @Test
  void aRangeThatIsNoneOfWholeNumbersIsNamed() {
    assertRefused(
        FILE.replaceAll("(?m)^clears = .*$", "clears = { value = 3, low = 1.0, high = 9 }"),
        "breaker.clears = 3: must have a range of whole numbers, low and high");
  }

  @Test
  void aSectionThatIsMissingIsNamedByItsFirstNumber() {
    assertRefused(
        FILE.replace("[governor]", "[governess]"),
        "governor.recovery_ns_per_ppm = null: must have a range of whole numbers, low and high");
    assertRefused(
        "breaker = 1", "breaker.hold_ns = null: must have a range of whole numbers, low and high");
  }

  @Test
  void whatIsNoTomlIsSaidInOneLine() {
    for (String text : List.of("[governor", "a = 1\na = 2", "a = ")) {
      String said = assertThrows(IllegalArgumentException.class, () -> Law.read(text)).getMessage();
      assertTrue(said.startsWith("law.toml: no TOML: "), said);
      assertFalse(said.contains("\n"), said);
    }
  }

  @Test
  void aLevelLeavesItsShareOfTheGreatestLeverage() {
    assertEquals(6_000_000, LAW.capAt(0));
    assertEquals(1_200_000, LAW.capAt(3));
    assertEquals(0, LAW.capAt(Law.WORST_LEVEL));
    assertEquals(1_000_000, law("max_leverage_ppm", "5000000").capAt(3));
    assertEquals(600_000, law("cuts_to_ppm", "[1000000, 750000, 450000, 100000, 0]").capAt(3));
  }

  // A number that is changed in the file changes what the rules decide.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trips_at_ppm | [250000, 500000, 850000, 950000]", // 800000 trips one level less
        "cuts_to_ppm | [1000000, 750000, 450000, 100000, 0]",
        "clear_ppm | 1", // the opening votes are of severity 1
        "clears | 7",
        "max_leverage_ppm | 5000000",
      })
  void theBreakerDecidesByTheNumbersOfTheFile(String name, String value) {
    assertEquals(1_200_000, shocked(LAW));
    assertNotEquals(1_200_000, shocked(law(name, value)), name);
  }

  /** The cap after six readings that are clear and one that is not. */
  private static long shocked(Law law) {
    BreakerRule rule = new BreakerRule(law);
    BreakerRule.State state = BreakerRule.State.first("paper", "A");
    for (int seq = 1; seq <= 6; seq++) {
      state = rule.apply(state, vote("taker", seq, 1)).state();
    }
    return state.capPpm() == 0 ? 0 : rule.apply(state, vote("taker", 7, 800_000)).state().capPpm();
  }

  private static Fields vote(String source, long seq, long severityPpm) {
    return Fields.of(
        Map.of(
            "kind",
            "vote",
            "source",
            source,
            "seq",
            seq,
            "time_ns",
            START_NS + seq * SECOND_NS,
            "severity_ppm",
            severityPpm,
            "is_clear",
            severityPpm < 100_000,
            "expires_at_ns",
            START_NS + 1_000_000 * SECOND_NS));
  }

  @Test
  void aHoldDoublesWithEachEpisodeUpToTheLongest() {
    assertEquals(300 * SECOND_NS, held(LAW, 1));
    assertEquals(600 * SECOND_NS, held(LAW, 2));
    assertEquals(4_800 * SECOND_NS, held(LAW, 5));
    assertEquals(7_200 * SECOND_NS, held(LAW, 6));
    assertEquals(310 * SECOND_NS, held(law("hold_ns", "305_000_000_000"), 1), "in whole steps");
    assertEquals(305 * SECOND_NS, held(law("hold_ns", "305_000_000_000", "hold_step_ns", "1"), 1));
    assertEquals(1_200 * SECOND_NS, held(law("hold_max_ns", "1_200_000_000_000"), 3));
    assertEquals(1_200 * SECOND_NS, held(law("hold_max_ns", "1_200_000_000_000"), 4));
    assertEquals(1_190 * SECOND_NS, held(law("hold_max_ns", "1_190_000_000_000"), 3));
    assertEquals(600 * SECOND_NS, held(law("hold_max_ns", "600_000_000_001"), 2));
    assertEquals(600 * SECOND_NS, held(law("max_episodes", "2"), 5), "no more are remembered");
    assertEquals(300 * SECOND_NS, held(law("episode_window_ns", "60_000_000_000"), 5));
  }

  @Test
  void aHoldThatWouldNotFitSixtyFourBitsIsTheLongest() {
    assertEquals(7_200 * SECOND_NS, held(law("max_episodes", "64"), 64));
  }

  /** For how long the cut is held after so many episodes, a minute between any two. */
  private static long held(Law law, int episodes) {
    BreakerRule rule = new BreakerRule(law);
    long nowNs = START_NS + 10 * SECOND_NS;
    List<Long> before = new ArrayList<>();
    for (int ago = episodes - 1; ago > 0; ago--) {
      before.add(nowNs - 60L * ago * SECOND_NS);
    }
    BreakerRule.Cut cut =
        new BreakerRule.Cut(Law.WORST_LEVEL, false, 0, before, List.of(), List.of());
    BreakerRule.State first = BreakerRule.State.first("paper", "A");
    BreakerRule.State state =
        new BreakerRule.State(first.stamp(), 0, cut, first.manual(), first.sources());
    return rule.apply(state, vote("invariant", 10, 1_000_000)).state().cut().holdUntilNs() - nowNs;
  }

  @Test
  void aSourceTooManyCutsToNothing() {
    assertEquals(0, levelAfter(LAW, 16));
    assertEquals(Law.WORST_LEVEL, levelAfter(LAW, 17));
    assertEquals(Law.WORST_LEVEL, levelAfter(law("max_sources", "15"), 16));
  }

  /** The level that so many calm sources leave an open asset at. */
  private static int levelAfter(Law law, int sources) {
    BreakerRule rule = new BreakerRule(law);
    BreakerRule.State first = BreakerRule.State.first("paper", "A");
    BreakerRule.Cut open = new BreakerRule.Cut(0, false, 0, List.of(), List.of(), List.of());
    BreakerRule.State state =
        new BreakerRule.State(first.stamp(), 6_000_000, open, first.manual(), first.sources());
    for (int source = 1; source <= sources; source++) {
      state = rule.apply(state, vote("source " + source, 1, 0)).state();
    }
    return state.cut().level();
  }

  @Test
  void anAccountIsGrantedNoMoreThanItsPostureAllows() {
    assertEquals(1_500_000, granted(LAW, 1_500_000));
    assertEquals(2_000_000, granted(LAW, 3_000_000));
    assertEquals(2_500_000, granted(law("stalker_cap_ppm", "2_500_000"), 3_000_000));
    assertEquals(2_000_000, granted(LAW, 6_000_000));
    assertEquals(0, granted(LAW, 6_000_001), "a cap above any is unreadable");
    assertEquals(0, granted(law("max_leverage_ppm", "5_999_999"), 6_000_000));
  }

  private static long granted(Law law, long capPpm) {
    Map<String, Object> signal =
        Map.of(
            "kind",
            "survival",
            "epoch",
            1L,
            "seq",
            1L,
            "issued_at_ns",
            START_NS,
            "posture",
            "STALKER",
            "cap_ppm",
            capPpm);
    AccountRule.State first = AccountRule.State.first("paper");
    return new AccountRule(law).apply(first, Fields.of(signal)).state().capPpm();
  }

  @Test
  void aPostureFallsBelowItsThresholdAndRisesAboveTheOther() {
    Ladder ladder = LAW.ladder();
    assertEquals(Posture.APEX, ladder.fallen(Posture.APEX, 850_000));
    assertEquals(Posture.STALKER, ladder.fallen(Posture.APEX, 849_999));
    assertEquals(Posture.STALKER, ladder.fallen(Posture.APEX, 400_000));
    assertEquals(Posture.TURTLE, ladder.fallen(Posture.APEX, 399_999));
    assertEquals(Posture.TURTLE, ladder.fallen(Posture.STALKER, 100_000));
    assertEquals(Posture.HIBERNATE, ladder.fallen(Posture.STALKER, 99_999));
    assertEquals(Posture.HIBERNATE, ladder.fallen(Posture.HIBERNATE, 399_999));
    assertEquals(Posture.TURTLE, ladder.fallen(Posture.TURTLE, 849_999));
    assertEquals(Posture.HIBERNATE, ladder.risen(Posture.HIBERNATE, 200_000));
    assertEquals(Posture.TURTLE, ladder.risen(Posture.HIBERNATE, 200_001));
    assertEquals(Posture.TURTLE, ladder.risen(Posture.TURTLE, 500_000));
    assertEquals(Posture.STALKER, ladder.risen(Posture.TURTLE, 500_001));
    assertEquals(Posture.STALKER, ladder.risen(Posture.STALKER, 920_000));
    assertEquals(Posture.APEX, ladder.risen(Posture.STALKER, 920_001));
    assertEquals(Posture.APEX, ladder.risen(Posture.APEX, 1_000_000));
    assertEquals(Posture.HIBERNATE, ladder.first(200_000));
    assertEquals(Posture.TURTLE, ladder.first(500_000));
    assertEquals(Posture.STALKER, ladder.first(920_000));
    assertEquals(Posture.APEX, ladder.first(1_000_000));
    assertEquals(
        Posture.APEX, law("stalker_below_ppm", "500_001").ladder().fallen(Posture.APEX, 500_001));
    assertEquals(3_000_000, ladder.cap(Posture.APEX, 500_000));
    assertEquals(2_000_000, ladder.cap(Posture.STALKER, 500_000));
    assertEquals(600_000, ladder.cap(Posture.STALKER, 100_000));
  }

  @Test
  void theGovernorRecoversAndBelievesByTheNumbersOfTheFile() {
    assertEquals(510_000, recovered(LAW).governed().rPpm(), "1 % in a minute");
    assertEquals(505_000, recovered(law("recovery_ns_per_ppm", "12_000_000")).governed().rPpm());
    assertEquals(
        505_000,
        recovered(law("seen_ns", "1_000_000_000")).governed().rPpm(),
        "of two seconds one was seen");
    assertEquals(Posture.STALKER, recovered(LAW).governed().posture(), "after a minute");
    assertEquals(Posture.TURTLE, recovered(law("dwell_ns", "61_000_000_000")).governed().posture());
    assertEquals(
        Posture.TURTLE, recovered(law("turtle_above_ppm", "510_000")).governed().posture());
    assertEquals(120 * SECOND_NS, recovered(LAW).stamp().expiresAtNs() - START_NS, "a minute");
    assertEquals(
        61 * SECOND_NS,
        recovered(law("lease_max_ns", "1_000_000_000")).stamp().expiresAtNs() - START_NS);
  }

  @Test
  void whatIsKeptOfRIsInStepsOfTheFile() {
    PostureRule.State state = recovered(LAW);
    assertEquals(510_000, new PostureRule(LAW).restored(state).governed().rPpm());
    assertEquals(
        500_000, new PostureRule(law("r_step_ppm", "20_000")).restored(state).governed().rPpm());
  }

  /** An account that starts with R 0.5 and is allowed all for a minute, four times a second. */
  private static PostureRule.State recovered(Law law) {
    PostureRule rule = new PostureRule(law);
    PostureRule.State state =
        rule.apply(PostureRule.State.first("paper"), demand(1, 500_000)).state();
    for (int seq = 2; seq <= 31; seq++) {
      state = rule.apply(state, demand(seq, 1_000_000)).state();
    }
    return state;
  }

  private static Fields demand(long seq, long rCmdPpm) {
    return Fields.of(
        Map.of(
            "kind",
            "demand",
            "epoch",
            1L,
            "seq",
            seq,
            "time_ns",
            START_NS + (seq - 1) * 2 * SECOND_NS,
            "is_ready",
            true,
            "broken",
            List.of(),
            "r_cmd_ppm",
            rCmdPpm,
            "expires_at_ns",
            Ppm.MAX_NS));
  }

  /** The law with other values: names and values in turn. */
  private static Law law(String... changes) {
    String text = FILE;
    for (int index = 0; index < changes.length; index += 2) {
      text = changed(text, changes[index], changes[index + 1]);
    }
    return Law.read(text);
  }

  /** The text with another value of {@code name}. */
  private static String changed(String text, String name, String value) {
    String found = "(?m)^" + name + " = \\{ value = (\\[[^\\]]*\\]|[\\d_]+)";
    String changed = text.replaceFirst(found, name + " = { value = " + value);
    assertFalse(FILE.equals(changed), name); // which would be a page of message
    return changed;
  }

  private static void assertRefused(String text, String what) {
    String said = assertThrows(IllegalArgumentException.class, () -> Law.read(text)).getMessage();
    assertEquals(
        "law.toml: " + what + ". Restore src/dolphin/core/law.toml and build the jar again", said);
  }
}
