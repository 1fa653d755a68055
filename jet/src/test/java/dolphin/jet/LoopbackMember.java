package dolphin.jet;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import dolphin.jet.gates.GateSerializers;
import dolphin.jet.job.JobSerializers;
import dolphin.jet.wire.WireSerializers;
import java.util.function.Consumer;

/** A real member on loopback that no other finds, for the tests of sources, sinks and jobs. */
public final class LoopbackMember {

  /** Few partitions and a small journal, so that a test can fill it. */
  public static final int PARTITIONS = 3;

  /** Events that one partition's journal holds. */
  public static final int JOURNAL_CAPACITY = 50;

  private LoopbackMember() {}

  public static HazelcastInstance start() {
    return start(config -> {});
  }

  /** A member whose configuration {@code change} has changed. */
  public static HazelcastInstance start(Consumer<Config> change) {
    Config config = config();
    change.accept(config);
    return Hazelcast.newHazelcastInstance(config);
  }

  /** A member of the cluster that {@code first} belongs to. */
  public static HazelcastInstance join(HazelcastInstance first) {
    return join(first, config -> {});
  }

  /** A member of the cluster that {@code first} belongs to, as {@link #start(Consumer)} has it. */
  public static HazelcastInstance join(HazelcastInstance first, Consumer<Config> change) {
    Config config = config();
    change.accept(config);
    int port = first.getCluster().getLocalMember().getSocketAddress().getPort();
    config.getNetworkConfig().getJoin().getTcpIpConfig().addMember("127.0.0.1:" + port);
    return Hazelcast.newHazelcastInstance(config);
  }

  private static Config config() {
    Config config = new Config();
    config.setClusterName("loopback-" + ProcessHandle.current().pid());
    config.setProperty("hazelcast.logging.type", "none");
    config.setProperty("hazelcast.shutdownhook.enabled", "false");
    config.setProperty("hazelcast.partition.count", String.valueOf(PARTITIONS));
    config.getJetConfig().setEnabled(true).setCooperativeThreadCount(1);
    config.getNetworkConfig().setPort(0).setPortAutoIncrement(false);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getTcpIpConfig().setEnabled(true);
    config
        .getMapConfig("journaled*")
        .getEventJournalConfig()
        .setEnabled(true)
        .setCapacity(PARTITIONS * JOURNAL_CAPACITY);
    config.getRingbufferConfig("*").setCapacity(JOURNAL_CAPACITY);
    config
        .getSerializationConfig()
        .addDataSerializableFactory(WireSerializers.FACTORY_ID, new WireSerializers())
        .addDataSerializableFactory(GateSerializers.FACTORY_ID, new GateSerializers())
        .addDataSerializableFactory(JobSerializers.FACTORY_ID, new JobSerializers());
    return config;
  }
}
