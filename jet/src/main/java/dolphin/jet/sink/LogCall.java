package dolphin.jet.sink;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.logging.ILogger;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Writes one line an item to the member's log: key, market time and size, not the content. */
final class LogCall implements Call {

  private final ILogger logger;

  LogCall(HazelcastInstance member, String vertex) {
    this.logger = member.getLoggingService().getLogger("dolphin." + vertex);
  }

  @Override
  public CompletionStage<?> start(Object item) {
    logger.info(
        item instanceof Row row
            ? "row " + row.key() + ", " + row.value().length + " bytes"
            : "batch " + describe((Batch) item));
    return CompletableFuture.completedStage(null);
  }

  private static String describe(Batch batch) {
    return batch.key() + " at " + batch.timeNs() + " ns, " + batch.arrow().length + " bytes";
  }
}
