package dolphin.jet.sink;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.util.concurrent.CompletionStage;

/** Sets a map entry: a row under its own key, a batch under a key made from a template. */
final class MapCall implements Call {

  private final IMap<String, Object> map;
  private final KeyTemplate batchKey;

  MapCall(HazelcastInstance member, String map, KeyTemplate batchKey) {
    this.map = member.getMap(map);
    this.batchKey = batchKey;
  }

  @Override
  public String key(Object item) {
    return item instanceof Row row ? row.key() : batchKey.of((Batch) item);
  }

  @Override
  public CompletionStage<?> start(Object item) {
    return map.setAsync(key(item), item instanceof Row row ? row.value() : item);
  }
}
