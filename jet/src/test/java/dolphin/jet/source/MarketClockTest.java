package dolphin.jet.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MarketClockTest {

  private static final long SECOND = 1_000_000_000L;

  private final MarketClock clock = new MarketClock();

  @Test
  void withOneShardTheTimeIsThatOfItsLatestBatch() {
    assertTrue(clock.observe("0", 10));
    assertEquals(10, clock.nowNs());
    assertTrue(clock.observe("0", 500 * SECOND));
    assertEquals(500 * SECOND, clock.nowNs());
  }

  @Test
  void timeThatStandsOrGoesBackIsNotAnnouncedAgain() {
    clock.observe("0", 10);
    assertFalse(clock.observe("0", 10));
    assertFalse(clock.observe("0", 9));
    assertEquals(10, clock.nowNs());
    assertTrue(clock.observe("0", 11));
  }

  @Test
  void whatIsCompleteIsWhatTheSlowestShardHasSeen() {
    clock.observe("0", 10);
    assertFalse(clock.observe("1", 5), "time never goes back");
    assertFalse(clock.observe("0", 30));
    assertTrue(clock.observe("1", 20));
    assertEquals(20, clock.nowNs());
  }

  @Test
  void aShardMoreThanASecondBehindIsLeftOutUntilItCatchesUp() {
    clock.observe("0", 10);
    clock.observe("1", 10);
    assertFalse(clock.observe("0", 10 + SECOND - 1));
    assertTrue(clock.observe("0", 10 + SECOND));
    assertEquals(10 + SECOND, clock.nowNs());
    assertFalse(clock.observe("1", 10 + SECOND + 1));
    assertTrue(clock.observe("0", 10 + SECOND + 5));
    assertEquals(10 + SECOND + 1, clock.nowNs());
  }
}
