package dolphin.jet.gates.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.cluster.impl.MemberImpl;
import com.hazelcast.config.Config;
import com.hazelcast.config.MergePolicyConfig;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.instance.impl.Node;
import com.hazelcast.map.IMap;
import dolphin.jet.LoopbackMember;
import dolphin.jet.gates.ApplyLeverage;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.value.ValueFactory;

/** A real cluster of two that splits, decides on both sides, and finds itself again. */
class MostRestrictiveTest {

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  @Test
  void afterASplitTheCutStandsWhicheverSideMadeIt() throws IOException {
    HazelcastInstance first = LoopbackMember.start(MostRestrictiveTest::mergeSoon);
    HazelcastInstance second = LoopbackMember.join(first, MostRestrictiveTest::mergeSoon);
    try {
      for (String key : new String[] {"paper/A", "paper/B"}) {
        for (int seq = 1; seq <= 8; seq++) {
          gates(first).executeOnKey(key, new ApplyLeverage(vote(seq, 0)));
        }
      }
      await(() -> first.getPartitionService().isClusterSafe());
      await(() -> second.getPartitionService().isClusterSafe());
      split(first, second);
      gates(first).executeOnKey("paper/A", new ApplyLeverage(vote(9, 800_000)));
      gates(first).executeOnKey("paper/B", new ApplyLeverage(vote(9, 0)));
      gates(second).executeOnKey("paper/A", new ApplyLeverage(vote(9, 0)));
      gates(second).executeOnKey("paper/B", new ApplyLeverage(vote(9, 600_000)));
      byte[] joinedA = GateJoin.join(gates(first).get("paper/A"), gates(second).get("paper/A"));
      byte[] joinedB = GateJoin.join(gates(first).get("paper/B"), gates(second).get("paper/B"));

      await(() -> first.getCluster().getMembers().size() == 2);
      await(() -> second.getCluster().getMembers().size() == 2);
      await(() -> Arrays.equals(joinedA, gates(first).get("paper/A")));
      await(() -> Arrays.equals(joinedB, gates(first).get("paper/B")));
      assertArrayEquals(joinedA, gates(second).get("paper/A"));
      assertArrayEquals(joinedB, gates(second).get("paper/B"));
      assertEquals(1_200_000, cap(joinedA));
      assertEquals(2_700_000, cap(joinedB));
    } finally {
      second.getLifecycleService().terminate();
      first.getLifecycleService().terminate();
    }
  }

  private static IMap<String, byte[]> gates(HazelcastInstance member) {
    return member.getMap("LEVERAGE");
  }

  private static void mergeSoon(Config config) {
    config.setProperty("hazelcast.merge.first.run.delay.seconds", "3");
    config.setProperty("hazelcast.merge.next.run.delay.seconds", "3");
    config
        .getMapConfig("LEVERAGE")
        .setMergePolicyConfig(new MergePolicyConfig(MostRestrictive.class.getName(), 100));
  }

  /** Each takes the other for dead, as after a failure of the network between them. */
  private static void split(HazelcastInstance first, HazelcastInstance second) {
    suspect(first, second);
    suspect(second, first);
    await(() -> first.getCluster().getMembers().size() == 1);
    await(() -> second.getCluster().getMembers().size() == 1);
  }

  private static void suspect(HazelcastInstance who, HazelcastInstance whom) {
    Node node = ((HazelcastInstanceProxy) who).getOriginal().node;
    MemberImpl suspected =
        node.getClusterService().getMember(whom.getCluster().getLocalMember().getAddress());
    node.getClusterService().suspectMember(suspected, "the test splits the cluster", true);
  }

  private static void await(BooleanSupplier holds) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!holds.getAsBoolean() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    assertTrue(holds.getAsBoolean());
  }

  private static long cap(byte[] value) throws IOException {
    try (var unpacker = MessagePack.newDefaultUnpacker(value)) {
      return unpacker
          .unpackValue()
          .asMapValue()
          .map()
          .get(ValueFactory.newString("cap_ppm"))
          .asIntegerValue()
          .asLong();
    }
  }

  private static byte[] vote(int seq, int severityPpm) throws IOException {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      packer.packMapHeader(8);
      packer.packString("kind").packString("vote");
      packer.packString("source").packString("taker");
      packer.packString("seq").packInt(seq);
      packer.packString("time_ns").packInt(seq);
      packer.packString("severity_ppm").packInt(severityPpm);
      packer.packString("is_clear").packBoolean(severityPpm == 0);
      packer.packString("reason").packString("test");
      packer.packString("expires_at_ns").packInt(1_000);
      return packer.toByteArray();
    }
  }
}
