package dolphin.jet.source;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.ringbuffer.ReadResultSet;
import dolphin.jet.wire.Batch;
import java.io.Serializable;
import java.util.concurrent.CompletionStage;

/**
 * An append-only log in the cluster, cut into numbered strands that are each read in order.
 *
 * <p>The two logs are a map's event journal (one strand a partition) and the ring buffers behind
 * reliable topics (one strand a topic). {@link LogSource} is the one processor that reads either.
 */
interface LogReader {

  /** The most items that one read brings, a bound on what a source holds of each strand. */
  int MAX_FETCH = 128;

  int strands();

  /** Names strand {@code i} in snapshots and messages. */
  String strand(int i);

  /** The sequence of the oldest item of strand {@code i} that is still there. */
  CompletionStage<Long> oldest(int i);

  /** The sequence that the next item of strand {@code i} will have. */
  CompletionStage<Long> next(int i);

  /** Completes when at least one item at or after {@code sequence} is there. */
  CompletionStage<? extends ReadResultSet<?>> read(int i, long sequence);

  /** The batch in an item that {@link #read} delivered. */
  Batch batch(Object item);

  /** Makes the reader where it will run; {@code partitions} are those its processor is to read. */
  @FunctionalInterface
  interface Factory extends Serializable {
    LogReader create(HazelcastInstance member, int[] partitions);
  }
}
