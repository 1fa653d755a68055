package dolphin.jet.stage;

import java.util.Arrays;

/**
 * Latency percentiles of the recent past in a fixed 8 KiB: log-linear buckets, {@link #SUB_BUCKETS}
 * to a power of two (error below 1/16), in two halves of which the older is dropped at each {@link
 * #rotate()}.
 */
final class LatencyHistogram {

  private static final int SUB_BUCKET_BITS = 4;
  private static final int SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
  private static final int BUCKETS = (64 - SUB_BUCKET_BITS) * SUB_BUCKETS;

  private long[] current = new long[BUCKETS];
  private long[] previous = new long[BUCKETS];

  /** Records a latency in nanoseconds; negative counts as zero. */
  void record(long latencyNs) {
    current[bucket(Math.max(0, latencyNs))]++;
  }

  /** Begins a new half and forgets the older one. */
  void rotate() {
    long[] oldest = previous;
    previous = current;
    Arrays.fill(oldest, 0);
    current = oldest;
  }

  /** The upper bound, in nanoseconds, of the bucket that holds the given quantile; 0 if empty. */
  long quantileNs(double quantile) {
    long count = 0;
    for (int i = 0; i < BUCKETS; i++) {
      count += current[i] + previous[i];
    }
    long rank = (long) Math.ceil(quantile * count);
    long seen = 0;
    for (int i = 0; i < BUCKETS && count > 0; i++) {
      seen += current[i] + previous[i];
      if (seen >= rank) {
        return upperBound(i);
      }
    }
    return 0;
  }

  private static int bucket(long value) {
    if (value < SUB_BUCKETS) {
      return (int) value;
    }
    int exponent = 63 - Long.numberOfLeadingZeros(value);
    int shift = exponent - SUB_BUCKET_BITS;
    return (shift + 1) * SUB_BUCKETS + (int) ((value >>> shift) - SUB_BUCKETS);
  }

  private static long upperBound(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int shift = bucket / SUB_BUCKETS - 1;
    return ((long) (bucket % SUB_BUCKETS + SUB_BUCKETS + 1) << shift) - 1;
  }
}
