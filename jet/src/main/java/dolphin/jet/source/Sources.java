package dolphin.jet.source;

import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import java.util.ArrayList;
import java.util.List;

/** The sources a pipeline may read from; both replay exactly from a snapshot. */
public final class Sources {

  private Sources() {}

  /**
   * The values put into a journaled map of batches. Each member reads the partitions it owns, so
   * that a batch does not cross the network before its first stage.
   */
  public static ProcessorMetaSupplier journal(String map, StartAt startAt) {
    return ProcessorMetaSupplier.of(
        1,
        ProcessorSupplier.of(
            () ->
                new LogSource(
                    (member, partitions) -> new JournalReader(member, map, partitions), startAt)));
  }

  /** The batches published on reliable topics, read by one processor in the whole cluster. */
  public static ProcessorMetaSupplier topics(List<String> topics, StartAt startAt) {
    List<String> names = new ArrayList<>(topics); // a list that serializes
    return ProcessorMetaSupplier.forceTotalParallelismOne(
        ProcessorSupplier.of(
            () -> new LogSource((member, partitions) -> new TopicReader(member, names), startAt)),
        names.get(0));
  }
}
