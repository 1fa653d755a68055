package dolphin.jet.sink;

import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import dolphin.jet.wire.PayloadProcessor;

/** Where a pipeline's rows and batches may go. Each forwards watermarks once all is written. */
public final class Sinks {

  private Sinks() {}

  /** Map entries; {@code batchKey} may contain {@code {key}} and names the entry of a batch. */
  public static ProcessorSupplier map(String map, String batchKey) {
    KeyTemplate template = new KeyTemplate(batchKey);
    return calls(member -> new MapCall(member, map, template));
  }

  /** Messages of reliable topics; for batches {@code topic} may contain {@code {key}}. */
  public static ProcessorSupplier topic(String topic) {
    KeyTemplate template = new KeyTemplate(topic);
    return calls(member -> new TopicCall(member, template));
  }

  /** Runs an entry processor on the key of each row; its answers flow on as rows. */
  public static ProcessorSupplier entryProcessor(String map, PayloadProcessor processor) {
    return calls(member -> new EntryProcessorCall(member, map, processor));
  }

  /** One line an item in the member's log. */
  public static ProcessorSupplier log(String vertex) {
    return calls(member -> new LogCall(member, vertex));
  }

  /** The end of every job; see {@link Progress}. */
  public static ProcessorMetaSupplier progress(String job) {
    return ProcessorMetaSupplier.forceTotalParallelismOne(
        ProcessorSupplier.of(() -> new Progress(job)), job);
  }

  private static ProcessorSupplier calls(Call.Factory factory) {
    return ProcessorSupplier.of(() -> new AsyncCall(factory));
  }
}
