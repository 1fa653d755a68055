package dolphin.jet.source;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import java.util.ArrayList;
import java.util.List;

/**
 * The sources a pipeline may read from; both replay exactly from a snapshot. They are made when the
 * job is submitted, for a cluster: where the newest batch is counts from then on, so that nothing
 * that is published later can be missed.
 */
public final class Sources {

  private Sources() {}

  /**
   * The values put into a journaled map of batches. Each member reads the partitions it owns, so
   * that a batch does not cross the network before its first stage.
   */
  public static ProcessorMetaSupplier journal(
      HazelcastInstance cluster, String map, StartAt startAt) {
    LogReader.Factory reader = (member, partitions) -> new JournalReader(member, map, partitions);
    Places places = Places.now(startAt, cluster, reader);
    return ProcessorMetaSupplier.of(1, ProcessorSupplier.of(() -> new LogSource(reader, places)));
  }

  /** The batches published on reliable topics, read by one processor in the whole cluster. */
  public static ProcessorMetaSupplier topics(
      HazelcastInstance cluster, List<String> topics, StartAt startAt) {
    List<String> names = new ArrayList<>(topics); // a list that serializes
    LogReader.Factory reader = (member, partitions) -> new TopicReader(member, names);
    Places places = Places.now(startAt, cluster, reader);
    return ProcessorMetaSupplier.forceTotalParallelismOne(
        ProcessorSupplier.of(() -> new LogSource(reader, places)), names.get(0));
  }
}
