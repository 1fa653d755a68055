package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Percentiles against sorting. */
class LatencyHistogramTest {

  @Test
  void aQuantileIsAtMostASixteenthAboveTheExactOne() {
    Random random = new Random(7);
    long[] latencies = new long[10_000];
    LatencyHistogram histogram = new LatencyHistogram();
    for (int i = 0; i < latencies.length; i++) {
      latencies[i] = (long) Math.exp(random.nextDouble() * 30);
      histogram.record(latencies[i]);
    }
    Arrays.sort(latencies);
    for (double quantile : new double[] {0.01, 0.5, 0.9, 0.99, 0.999, 1}) {
      long exact = latencies[(int) Math.ceil(quantile * latencies.length) - 1];
      long given = histogram.quantileNs(quantile);
      assertTrue(given >= exact && given <= exact + exact / 16 + 1, exact + " given as " + given);
    }
  }

  @Test
  void extremesAreTaken() {
    LatencyHistogram histogram = new LatencyHistogram();
    assertEquals(0, histogram.quantileNs(0.5));
    histogram.record(-5);
    assertEquals(0, histogram.quantileNs(1));
    histogram.record(Long.MAX_VALUE);
    assertEquals(Long.MAX_VALUE, histogram.quantileNs(1));
  }

  @Test
  void whatIsOlderThanTwoRotationsIsForgotten() {
    LatencyHistogram histogram = new LatencyHistogram();
    histogram.record(1_000_000);
    histogram.rotate();
    histogram.record(10);
    assertTrue(histogram.quantileNs(1) >= 1_000_000);
    histogram.rotate();
    assertEquals(10, histogram.quantileNs(1));
  }
}
