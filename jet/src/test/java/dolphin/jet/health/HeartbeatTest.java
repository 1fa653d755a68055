package dolphin.jet.health;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import dolphin.jet.LoopbackMember;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

  private static HazelcastInstance member;

  @BeforeAll
  static void startMember() {
    member = LoopbackMember.start();
  }

  @AfterAll
  static void stopMember() {
    member.shutdown();
  }

  /** The same bytes are in {@code tests/unit/core/health/test_heartbeat.py}. */
  @Test
  void itIsTheRecordThatPythonWrites() {
    assertEquals(
        "86a576616c756505aa757064617465645f6174cf0000000218711a00a86d6f7665645f6174cf00000001dcd65000a76e6f6d696e616cc3aa6d756c7469706c696572ce000f4240a664657461696ca0",
        HexFormat.of().formatHex(Heartbeat.record(5, 9_000, 8_000)));
  }

  @Test
  void turnsAreMoreOftenThanRecords() throws Exception {
    IMap<String, byte[]> map = member.getMap(Heartbeat.MAP);
    Heartbeat heartbeat = new Heartbeat(member, "often");
    heartbeat.turn(1, 10_000);
    await(map, "often", Heartbeat.record(1, 10_000, 10_000));
    heartbeat.turn(2, 10_400);
    Thread.sleep(50);
    assertArrayEquals(Heartbeat.record(1, 10_000, 10_000), map.get("often"));
    heartbeat.turn(2, 10_500);
    await(map, "often", Heartbeat.record(2, 10_500, 10_500));
  }

  @Test
  void whatDoesNotMoveKeepsTheTimeAtWhichItMovedLastAndNothingStepsBack() throws Exception {
    IMap<String, byte[]> map = member.getMap(Heartbeat.MAP);
    Heartbeat heartbeat = new Heartbeat(member, "still");
    assertNull(map.get("still"));
    heartbeat.turn(0, 1_000);
    await(map, "still", Heartbeat.record(0, 1_000, 1_000));
    heartbeat.turn(7, 2_000);
    await(map, "still", Heartbeat.record(7, 2_000, 2_000));
    heartbeat.turn(6, 3_000);
    await(map, "still", Heartbeat.record(7, 3_000, 2_000));
  }

  private static void await(IMap<String, byte[]> map, String part, byte[] record) throws Exception {
    for (int attempt = 0; attempt < 400; attempt++) {
      byte[] found = map.get(part);
      if (found != null
          && HexFormat.of().formatHex(found).equals(HexFormat.of().formatHex(record))) {
        return;
      }
      Thread.sleep(50);
    }
    assertNotNull(map.get(part));
    assertArrayEquals(record, map.get(part));
  }
}
