package dolphin.jet.source;

import com.hazelcast.core.HazelcastInstance;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * From where a job that has no snapshot yet reads each strand of a log; a strand without a place
 * here is read from its oldest item.
 *
 * <p>The places are found when the job is submitted and travel with it. A source that looked for
 * them itself would do so a moment after the job is said to run, and once more whenever the job
 * starts again before its first snapshot: what was published meanwhile would be missed.
 */
record Places(Map<String, Long> byStrand) implements Serializable {

  /** The places of every strand that {@code factory} reads in the whole {@code cluster}. */
  static Places now(StartAt startAt, HazelcastInstance cluster, LogReader.Factory factory) {
    Map<String, Long> places = new HashMap<>();
    if (startAt == StartAt.NEWEST) {
      int partitions = cluster.getPartitionService().getPartitions().size();
      LogReader reader = factory.create(cluster, IntStream.range(0, partitions).toArray());
      long[] next = all(reader, i -> reader.next(i).toCompletableFuture());
      for (int i = 0; i < next.length; i++) {
        places.put(reader.strand(i), next[i]);
      }
    }
    return new Places(places);
  }

  /** The places of the strands of {@code reader}. */
  long[] of(LogReader reader) {
    return all(
        reader,
        i -> {
          Long place = byStrand.get(reader.strand(i));
          return place == null
              ? reader.oldest(i).toCompletableFuture()
              : CompletableFuture.completedFuture(place);
        });
  }

  /** Asks for all before it waits for any. */
  private static long[] all(LogReader reader, IntFunction<CompletableFuture<Long>> asked) {
    List<CompletableFuture<Long>> answers =
        IntStream.range(0, reader.strands()).mapToObj(asked).toList();
    return answers.stream().mapToLong(CompletableFuture::join).toArray();
  }
}
