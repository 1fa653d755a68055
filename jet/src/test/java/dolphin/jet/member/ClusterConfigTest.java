package dolphin.jet.member;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapStoreConfig;
import com.hazelcast.config.YamlConfigBuilder;
import dolphin.jet.gates.GateSerializers;
import dolphin.jet.gates.merge.MostRestrictive;
import dolphin.jet.gates.store.GateStore;
import dolphin.jet.job.JobSerializers;
import dolphin.jet.wire.WireSerializers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The configurations in {@code cluster-config/} say what the documents promise. */
class ClusterConfigTest {

  private static final int BATCHES_A_PARTITION = 4_096;

  @ParameterizedTest
  @ValueSource(strings = {"one-member", "three-members", "production"})
  void everyConfigurationBindsToOneInterfaceAndLooksForNobodyElse(String name) throws IOException {
    Config config = read(name);
    Collection<String> interfaces = config.getNetworkConfig().getInterfaces().getInterfaces();
    assertTrue(config.getNetworkConfig().getInterfaces().isEnabled());
    assertEquals(1, interfaces.size());
    assertEquals("false", config.getProperty("hazelcast.socket.bind.any"));
    JoinConfig join = config.getNetworkConfig().getJoin();
    assertFalse(join.getMulticastConfig().isEnabled());
    assertFalse(join.getAutoDetectionConfig().isEnabled());
  }

  @ParameterizedTest
  @ValueSource(strings = {"one-member", "three-members", "production"})
  void everyConfigurationKnowsOurClassesAndHidesNoDoubt(String name) throws IOException {
    Config config = read(name);
    assertEquals(
        Map.of(
            WireSerializers.FACTORY_ID, WireSerializers.class.getName(),
            GateSerializers.FACTORY_ID, GateSerializers.class.getName(),
            JobSerializers.FACTORY_ID, JobSerializers.class.getName()),
        config.getSerializationConfig().getDataSerializableFactoryClasses());
    assertEquals("true", config.getProperty("hazelcast.operation.fail.on.indeterminate.state"));
    assertEquals("false", config.getProperty("hazelcast.map.invalidation.batch.enabled"));
    assertTrue(config.getJetConfig().isEnabled());
    assertFalse(config.getJetConfig().isResourceUploadEnabled(), "a job brings no code");
    assertEquals(1, config.getJetConfig().getCooperativeThreadCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {"one-member", "three-members", "production"})
  void aPartitionsJournalHoldsMinutesOfAShard(String name) throws IOException {
    Config config = read(name);
    int partitions = Integer.parseInt(config.getProperty("hazelcast.partition.count"));
    int capacity = config.getMapConfig("MARKET_EVENTS").getEventJournalConfig().getCapacity();
    assertTrue(config.getMapConfig("MARKET_EVENTS").getEventJournalConfig().isEnabled());
    assertEquals(0, capacity % partitions, "no part of the capacity is lost in the division");
    assertTrue(capacity / partitions >= BATCHES_A_PARTITION, "a partition gets " + capacity);
  }

  @ParameterizedTest
  @ValueSource(strings = {"three-members", "production"})
  void aMinorityNeitherReadsNorWritesWhatGatesOrders(String name) throws IOException {
    Config config = read(name);
    assertEquals(2, config.getSplitBrainProtectionConfig("majority").getMinimumClusterSize());
    for (String map : List.of("LEVERAGE", "POSTURE", "SYSTEM_HEALTH")) {
      assertEquals("majority", config.getMapConfig(map).getSplitBrainProtectionName(), map);
    }
    assertEquals("majority", config.getRingbufferConfig("any").getSplitBrainProtectionName());
    assertEquals(
        List.of("10.0.0.1", "10.0.0.2", "10.0.0.3"),
        config.getNetworkConfig().getJoin().getTcpIpConfig().getMembers());
  }

  @ParameterizedTest
  @ValueSource(strings = {"one-member", "three-members", "production"})
  void gatesAreWrittenThroughAndLoadedBeforeTheFirstSignal(String name) throws IOException {
    Config config = read(name);
    for (String map : List.of("LEVERAGE", "POSTURE")) {
      MapStoreConfig store = config.getMapConfig(map).getMapStoreConfig();
      assertTrue(store.isEnabled(), map);
      assertEquals(GateStore.class.getName(), store.getClassName(), map);
      assertEquals(0, store.getWriteDelaySeconds(), map);
      assertEquals(MapStoreConfig.InitialLoadMode.EAGER, store.getInitialLoadMode(), map);
      assertFalse(store.isOffload(), map);
      assertEquals("jdbc:postgresql://10.0.0.9/gates", store.getProperty("url"), map);
      assertEquals("keeper", store.getProperty("user"), map);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"three-members", "production"})
  void ofTwoHalvesOfAClusterTheMostRestrictiveGateStays(String name) throws IOException {
    for (String map : List.of("LEVERAGE", "POSTURE")) {
      assertEquals(
          MostRestrictive.class.getName(),
          read(name).getMapConfig(map).getMergePolicyConfig().getPolicy());
    }
  }

  @Test
  void oneMemberIsOnLoopback() throws IOException {
    Config config = read("one-member");
    assertTrue(config.getNetworkConfig().getInterfaces().getInterfaces().contains("127.0.0.1"));
    assertFalse(config.getNetworkConfig().getJoin().getTcpIpConfig().isEnabled());
  }

  private static Config read(String name) throws IOException {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(directory.resolve("cluster-config"))) {
      directory = directory.getParent();
    }
    directory = directory.resolve("cluster-config");
    Properties properties = new Properties();
    properties.setProperty("dolphin.cluster", "test");
    properties.setProperty("dolphin.port", "5701");
    properties.setProperty("dolphin.interface", "10.0.0.1");
    properties.setProperty("dolphin.members", "10.0.0.1,10.0.0.2,10.0.0.3");
    properties.setProperty("dolphin.gates.url", "jdbc:postgresql://10.0.0.9/gates");
    properties.setProperty("dolphin.gates.user", "keeper");
    properties.setProperty("dolphin.config", directory.toString());
    return new YamlConfigBuilder(directory.resolve(name + ".yaml").toString())
        .setProperties(properties)
        .build();
  }
}
