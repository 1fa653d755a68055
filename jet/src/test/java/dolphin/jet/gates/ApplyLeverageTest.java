package dolphin.jet.gates;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** The entry processor in two real members: what it stored survives the owner, bit for bit. */
class ApplyLeverageTest {

  private static final int KEYS = 12;

  private final List<HazelcastInstance> members = new ArrayList<>();

  @BeforeEach
  void startTwoMembers() {
    String name = "leverage-" + UUID.randomUUID();
    for (int index = 0; index < 2; index++) {
      members.add(Hazelcast.newHazelcastInstance(config(name)));
    }
    assertEquals(2, members.get(0).getCluster().getMembers().size());
  }

  @AfterEach
  void stopMembers() {
    members.forEach(member -> member.getLifecycleService().terminate());
  }

  @Test
  void thePromotedBackupEqualsTheLastStateOfTheOwner() throws IOException {
    IMap<String, byte[]> map = members.get(0).getMap("LEVERAGE");
    for (int seq = 1; seq <= 8; seq++) {
      for (int key = 0; key < KEYS; key++) {
        byte[] answer = map.executeOnKey("paper/A" + key, new ApplyLeverage(vote(seq, seq == 8)));
        assertTrue(Fields.read(answer).fields().isTrue("accepted"));
      }
    }
    List<byte[]> before = values(map);

    members.get(0).getLifecycleService().terminate();

    List<byte[]> after = values(members.get(1).getMap("LEVERAGE"));
    for (int key = 0; key < KEYS; key++) {
      assertArrayEquals(before.get(key), after.get(key), "A" + key);
      Fields command = Fields.read(after.get(key)).fields();
      assertEquals(8, command.whole("seq", 0, 100).orElse(-1));
      assertEquals(1_200_000, command.whole("cap_ppm", 0, 6_000_000).orElse(-1));
    }
  }

  @Test
  void aMalformedPayloadAnswersAndChangesNeitherOwnerNorBackup() throws IOException {
    IMap<String, byte[]> map = members.get(0).getMap("LEVERAGE");
    for (int key = 0; key < KEYS; key++) {
      map.executeOnKey("paper/A" + key, new ApplyLeverage(vote(1, true)));
    }
    List<byte[]> before = values(map);
    for (int key = 0; key < KEYS; key++) {
      byte[] garbage = "not msgpack".getBytes(StandardCharsets.UTF_8);
      byte[] answer = map.executeOnKey("paper/A" + key, new ApplyLeverage(garbage));
      assertFalse(Fields.read(answer).fields().isTrue("accepted"));
      assertEquals("signal unreadable", Fields.read(answer).fields().string("refusal"));
    }
    members.get(0).getLifecycleService().terminate();
    List<byte[]> after = values(members.get(1).getMap("LEVERAGE"));
    for (int key = 0; key < KEYS; key++) {
      assertArrayEquals(before.get(key), after.get(key));
    }
  }

  @Test
  void oneSignalGivenToManyKeysIsTakenByOneAndMixesUpNoBackup() throws IOException {
    IMap<String, byte[]> map = members.get(0).getMap("LEVERAGE");
    Set<String> keys = new TreeSet<>();
    for (int key = 0; key < KEYS; key++) {
      map.executeOnKey("paper/A" + key, new ApplyLeverage(vote(1, true)));
      keys.add("paper/A" + key);
    }
    map.executeOnKeys(keys, new ApplyLeverage(vote(2, true)));
    List<byte[]> before = values(map);
    waitForBackups();
    members.get(0).getLifecycleService().terminate();
    List<byte[]> after = values(members.get(1).getMap("LEVERAGE"));
    for (int key = 0; key < KEYS; key++) {
      assertArrayEquals(before.get(key), after.get(key));
      assertEquals("A" + key, Fields.read(after.get(key)).fields().string("asset"));
    }
  }

  /** A call on many keys answers before its backups have, unlike a call on one key. */
  private void waitForBackups() {
    for (HazelcastInstance member : members) {
      assertTrue(member.getPartitionService().forceLocalMemberToBeSafe(30, TimeUnit.SECONDS));
    }
  }

  private static List<byte[]> values(IMap<String, byte[]> map) {
    List<byte[]> found = new ArrayList<>();
    for (int key = 0; key < KEYS; key++) {
      found.add(map.get("paper/A" + key));
    }
    return found;
  }

  private static Config config(String name) {
    Config config = new Config().setClusterName(name);
    config.setProperty("hazelcast.logging.type", "none");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.setProperty("hazelcast.partition.count", "13");
    config
        .getSerializationConfig()
        .addDataSerializableFactory(GateSerializers.FACTORY_ID, new GateSerializers());
    config.getNetworkConfig().setPort(17_101).setPortAutoIncrement(true);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    JoinConfig join = config.getNetworkConfig().getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true);
    for (int port = 17_101; port <= 17_110; port++) {
      join.getTcpIpConfig().addMember("127.0.0.1:" + port);
    }
    return config;
  }

  /** Clear readings, which loosen a level at a time from the third on; the last one may trip. */
  private static byte[] vote(int seq, boolean isTrip) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packMapHeader(8);
      packer.packString("kind").packString("vote");
      packer.packString("source").packString("taker");
      packer.packString("seq").packInt(seq);
      packer.packString("time_ns").packInt(seq);
      packer.packString("severity_ppm").packInt(isTrip ? 800_000 : 0);
      packer.packString("is_clear").packBoolean(!isTrip);
      packer.packString("reason").packString("test");
      packer.packString("expires_at_ns").packInt(1_000);
      return packer.toByteArray();
    }
  }
}
