package dolphin.jet.sink;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import dolphin.jet.Row;
import java.util.concurrent.CompletionStage;

/** Runs an entry processor on the key of a row; what it answers flows on as a row. */
final class EntryProcessorCall implements Call {

  private final IMap<String, byte[]> map;
  private final PayloadProcessor processor;

  EntryProcessorCall(HazelcastInstance member, String map, PayloadProcessor processor) {
    this.map = member.getMap(map);
    this.processor = processor;
  }

  @Override
  public String key(Object item) {
    return ((Row) item).key();
  }

  @Override
  public CompletionStage<?> start(Object item) {
    Row row = (Row) item;
    return map.submitToKey(row.key(), processor.create(row.value()));
  }

  @Override
  public Object answer(Object item, Object result) {
    byte[] published = result == null ? null : processor.publishable((byte[]) result);
    return published == null ? null : new Row(((Row) item).key(), published);
  }
}
