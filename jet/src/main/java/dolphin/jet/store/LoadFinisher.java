package dolphin.jet.store;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.logging.ILogger;
import com.hazelcast.partition.MigrationListener;
import com.hazelcast.partition.MigrationState;
import com.hazelcast.partition.ReplicaMigrationEvent;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * Ends a load of the gates that Hazelcast has lost sight of.
 *
 * <p>In Hazelcast 5.7.0 a partition that changes hands while a map with a store is loaded can miss
 * the news that the load is over. Every call on it is then put off with "still loading data from
 * external store", for minutes. Loading again, which changes nothing that is in memory, tells every
 * partition. So the oldest member does that whenever partitions have come to rest.
 */
final class LoadFinisher implements MigrationListener {

  private final HazelcastInstance member;
  private final List<String> maps;
  private final ILogger logger;
  private final Executor thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread loading = new Thread(task, "dolphin-gate-load");
            loading.setDaemon(true);
            return loading;
          });

  LoadFinisher(HazelcastInstance member, List<String> maps) {
    this.member = member;
    this.maps = maps;
    this.logger = member.getLoggingService().getLogger(LoadFinisher.class);
  }

  @Override
  public void migrationStarted(MigrationState state) {}

  @Override
  public void migrationFinished(MigrationState state) {
    if (member.getCluster().getMembers().iterator().next().localMember()) {
      thread.execute(this::load);
    }
  }

  @Override
  public void replicaMigrationCompleted(ReplicaMigrationEvent event) {}

  @Override
  public void replicaMigrationFailed(ReplicaMigrationEvent event) {}

  private void load() {
    for (String map : maps) {
      try {
        member.getMap(map).loadAll(false);
      } catch (RuntimeException e) {
        logger.warning("the gates of " + map + " were not loaded again: " + e.getMessage());
      }
    }
  }
}
