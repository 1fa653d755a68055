package dolphin.jet.sink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import dolphin.jet.LoopbackMember;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.PayloadProcessor;
import dolphin.jet.wire.Row;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CallsTest {

  private static HazelcastInstance member;

  @BeforeAll
  static void startMember() {
    member = LoopbackMember.start();
  }

  @AfterAll
  static void stopMember() {
    member.shutdown();
  }

  @Test
  void rowsAndBatchesBecomeEntriesUnderTheirKeys() {
    MapCall call = new MapCall(member, "entries", new KeyTemplate("shard/{key}"));
    await(call, new Row("BTCUSDT", bytes("value")));
    await(call, new Batch("7", 5, bytes("arrow")));
    IMap<String, Object> map = member.getMap("entries");
    assertArrayEquals(bytes("value"), (byte[]) map.get("BTCUSDT"));
    assertEquals(5, ((Batch) map.get("shard/7")).timeNs());
  }

  @Test
  void whatIsPublishedReachesAnOrdinaryListenerOfTheTopic() throws Exception {
    BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    member.getReliableTopic("market.3").addMessageListener(m -> heard.add(m.getMessageObject()));
    member.getReliableTopic("commands").addMessageListener(m -> heard.add(m.getMessageObject()));
    await(new TopicCall(member, new KeyTemplate("market.{key}")), new Batch("3", 9, bytes("x")));
    assertEquals(9, ((Batch) heard.poll(20, TimeUnit.SECONDS)).timeNs());
    await(new TopicCall(member, new KeyTemplate("commands")), new Row("any", bytes("command")));
    assertArrayEquals(bytes("command"), (byte[]) heard.poll(20, TimeUnit.SECONDS));
  }

  @Test
  void aFullTopicLosesItsOldestMessageAndHoldsNobodyUp() {
    TopicCall call = new TopicCall(member, new KeyTemplate("full"));
    for (int i = 0; i < 2 * LoopbackMember.JOURNAL_CAPACITY; i++) {
      await(call, new Row("any", bytes(String.valueOf(i))));
    }
    assertEquals(
        LoopbackMember.JOURNAL_CAPACITY, member.getRingbuffer("_hz_rb_full").headSequence());
  }

  @Test
  void anEntryProcessorsAnswerFlowsOnUnlessItIsNotToBePublished() {
    EntryProcessorCall call = new EntryProcessorCall(member, "texts", new Appending());
    Row first = new Row("k", bytes("a"));
    Row answer = (Row) call.answer(first, await(call, first));
    assertEquals("k", answer.key());
    assertArrayEquals(bytes("a"), answer.value());
    Row silent = new Row("k", bytes(""));
    assertNull(call.answer(silent, await(call, silent)));
    Row second = new Row("k", bytes("b"));
    assertArrayEquals(bytes("ab"), ((Row) call.answer(second, await(call, second))).value());
  }

  /** Appends its payload to the entry; an empty payload is not worth telling. */
  private static final class Appending implements PayloadProcessor {
    @Override
    public EntryProcessor<String, byte[], byte[]> create(byte[] payload) {
      return entry -> {
        String before = entry.getValue() == null ? "" : text(entry.getValue());
        entry.setValue(bytes(before + text(payload)));
        return payload.length == 0 ? new byte[0] : entry.getValue();
      };
    }

    @Override
    public byte[] publishable(byte[] answer) {
      return answer.length == 0 ? null : answer;
    }
  }

  private static Object await(Call call, Object item) {
    return call.start(item).toCompletableFuture().join();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
