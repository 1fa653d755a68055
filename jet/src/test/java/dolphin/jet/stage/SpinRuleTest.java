package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Waiting awake is tried for as long as it pays, and hardly ever where it does not. */
class SpinRuleTest {

  private final SpinRule rule = new SpinRule();

  @Test
  void whilePaidForItIsAlwaysWorthwhile() {
    for (int i = 0; i < 1000; i++) {
      assertTrue(rule.isWorthwhile());
      rule.onAnswer();
    }
  }

  @Test
  void withASlowFunctionItIsTriedOncePerTwoHundredAndFiftySixRequests() {
    int tries = triesAmong(10_000, false);
    assertTrue(tries < 10_000 / SpinRule.MOST_SKIPPED + 10, tries + " tries");
    assertTrue(tries >= 10_000 / (SpinRule.MOST_SKIPPED + 1), tries + " tries");
  }

  @Test
  void oneAnswerInTimeMakesItWorthwhileAgain() {
    triesAmong(10_000, false);
    while (!rule.isWorthwhile()) {
      // skipped
    }
    rule.onAnswer();
    assertEquals(100, triesAmong(100, true));
  }

  @Test
  void oneTimeInVainCostsOneRequestOnly() {
    assertTrue(rule.isWorthwhile());
    rule.onTimeout();
    assertFalse(rule.isWorthwhile());
    assertTrue(rule.isWorthwhile());
  }

  private int triesAmong(int requests, boolean isFast) {
    int tries = 0;
    for (int i = 0; i < requests; i++) {
      if (rule.isWorthwhile()) {
        tries++;
        if (isFast) {
          rule.onAnswer();
        } else {
          rule.onTimeout();
        }
      }
    }
    return tries;
  }
}
