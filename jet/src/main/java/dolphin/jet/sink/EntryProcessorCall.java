package dolphin.jet.sink;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import dolphin.jet.gates.store.Rereading;
import dolphin.jet.wire.PayloadProcessor;
import dolphin.jet.wire.Row;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Runs an entry processor on the key of a row; what it answers flows on as a row.
 *
 * <p>On a map with a store it calls again, from what the store holds, until the outcome is known.
 */
final class EntryProcessorCall implements Call {

  /** How a processor is run on a key. */
  private interface Submission {
    CompletionStage<byte[]> submit(
        String key, Supplier<EntryProcessor<String, byte[], byte[]>> processor);
  }

  private final Submission submission;
  private final PayloadProcessor processor;

  EntryProcessorCall(HazelcastInstance member, String map, PayloadProcessor processor) {
    if (Rereading.writesThrough(member, map)) {
      this.submission = Rereading.of(member, map)::submit;
    } else {
      IMap<String, byte[]> plain = member.getMap(map);
      this.submission = (key, made) -> plain.submitToKey(key, made.get());
    }
    this.processor = processor;
  }

  @Override
  public String key(Object item) {
    return ((Row) item).key();
  }

  @Override
  public CompletionStage<?> start(Object item) {
    Row row = (Row) item;
    return submission.submit(row.key(), () -> processor.create(row.value()));
  }

  @Override
  public Object answer(Object item, Object result) {
    byte[] published = result == null ? null : processor.publishable((byte[]) result);
    return published == null ? null : new Row(((Row) item).key(), published);
  }
}
