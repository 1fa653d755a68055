package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** When a worker is started again, and when no more. */
class FailureBudgetTest {

  @Test
  void itIsSpentByFailuresInARowOnly() {
    FailureBudget budget = new FailureBudget(3);
    for (int i = 0; i < 100; i++) {
      budget.onFailure(0);
      budget.onFailure(0);
      assertFalse(budget.isSpent());
      budget.onProgress();
    }
    for (int i = 0; i < 3; i++) {
      assertFalse(budget.isSpent());
      budget.onFailure(0);
    }
    assertTrue(budget.isSpent());
  }

  @Test
  void thePauseDoublesUpToItsBoundAndBeginsAnewAfterProgress() {
    FailureBudget budget = new FailureBudget(Integer.MAX_VALUE);
    assertEquals(1_000 + FailureBudget.FIRST_PAUSE_NS, budget.onFailure(1_000));
    assertEquals(2 * FailureBudget.FIRST_PAUSE_NS, budget.onFailure(0));
    for (int i = 0; i < 1_000; i++) {
      assertTrue(budget.onFailure(0) <= FailureBudget.LONGEST_PAUSE_NS);
    }
    assertEquals(FailureBudget.LONGEST_PAUSE_NS, budget.onFailure(0));
    budget.onProgress();
    assertEquals(FailureBudget.FIRST_PAUSE_NS, budget.onFailure(0));
  }
}
