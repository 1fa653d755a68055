package dolphin.jet.gates.store;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.impl.HazelcastInstanceImpl;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.logging.ILogger;
import com.hazelcast.map.impl.MapService;
import com.hazelcast.map.impl.operation.KeyLoadStatusOperation;
import com.hazelcast.map.impl.recordstore.RecordStore;
import com.hazelcast.spi.impl.NodeEngine;
import java.util.HashSet;
import java.util.Set;

/**
 * Ends a load of the gates that Hazelcast has lost sight of.
 *
 * <p>In Hazelcast 5.7.0 a partition that changes hands while a map with a store is loaded can miss
 * the news that the load is over. Every call on it is then put off with "still loading data from
 * external store", for minutes or for ever. So a partition of this member that has been loading at
 * two looks in a row is told that it is loaded. That is safe whatever it has loaded: a key that is
 * not in memory is read from the store when it is asked for.
 */
final class LoadFinisher {

  private final String map;
  private final NodeEngine engine;
  private final ILogger logger;
  private Set<Integer> loadingBefore = new HashSet<>();

  LoadFinisher(HazelcastInstance member, String map, ILogger logger) {
    this.map = map;
    this.logger = logger;
    HazelcastInstanceImpl instance =
        member instanceof HazelcastInstanceProxy proxy
            ? proxy.getOriginal()
            : (HazelcastInstanceImpl) member;
    this.engine = instance.node.getNodeEngine();
  }

  /** Looks at the partitions of this member; call it every now and then. */
  void look() {
    MapService service = engine.getService(MapService.SERVICE_NAME);
    Set<Integer> loading = new HashSet<>();
    for (int partition = 0;
        partition < engine.getPartitionService().getPartitionCount();
        partition++) {
      RecordStore<?> store = service.getMapServiceContext().getExistingRecordStore(partition, map);
      if (store != null && !store.isLoaded() && isOwner(partition)) {
        loading.add(partition);
      }
    }
    for (int partition : loading) {
      if (loadingBefore.contains(partition)) {
        logger.info("ending the load of " + map + " in partition " + partition);
        var unused =
            engine
                .getOperationService()
                .invokeOnPartition(
                    MapService.SERVICE_NAME, new KeyLoadStatusOperation(map, null), partition);
      }
    }
    loadingBefore = loading;
  }

  private boolean isOwner(int partition) {
    return engine.getPartitionService().isPartitionOwner(partition);
  }
}
