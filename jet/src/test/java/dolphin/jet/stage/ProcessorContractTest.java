package dolphin.jet.stage;

import static com.hazelcast.jet.core.test.TestSupport.verifyProcessor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.core.Watermark;
import com.hazelcast.jet.core.metrics.Metric;
import com.hazelcast.jet.core.metrics.Unit;
import dolphin.jet.LoopbackMember;
import dolphin.jet.wire.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stage under Jet's own verifier: item by item and in bulk, with snapshot and restore. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessorContractTest {

  private static HazelcastInstance member;

  @BeforeAll
  static void start() {
    StageMember.usePython();
    member = LoopbackMember.start();
  }

  @AfterAll
  static void stop() {
    member.getLifecycleService().terminate();
  }

  @Test
  void stateIsSnapshottedAndRestoredAtEveryStep() {
    List<Row> input =
        List.of(new Row("a", StageMember.bytes(1)), new Row("a", StageMember.bytes(2)));
    StageSpec sum = StageMember.rowStage("sum", "Sum", true);
    verifyProcessor(() -> new PythonStageProcessor(sum, IgnoredMetric::new))
        .hazelcastInstance(member)
        .disableProgressAssertion()
        .disableLogging()
        .input(input)
        .outputChecker((expected, actual) -> texts(expected).equals(texts(actual)))
        .expectOutput(
            List.of(new Row("a", StageMember.bytes(1)), new Row("a", StageMember.bytes(3))));
  }

  @Test
  void watermarksPassInOrderBehindWhatWasBeforeThem() {
    StageSpec echo = StageMember.rowStage("echo", "echo", false);
    Row row = new Row("a", new byte[] {1});
    verifyProcessor(() -> new PythonStageProcessor(echo, IgnoredMetric::new))
        .hazelcastInstance(member)
        .disableProgressAssertion()
        .disableLogging()
        .disableSnapshots()
        .input(List.of(row, new Watermark(5), row, new Watermark(9)))
        .outputChecker((expected, actual) -> texts(expected).equals(texts(actual)))
        .expectOutput(List.of(row, new Watermark(5), row, new Watermark(9)));
  }

  private static List<String> texts(List<?> items) {
    List<String> texts = new ArrayList<>();
    for (Object item : items) {
      texts.add(
          item instanceof Row row ? row.key() + Arrays.toString(row.value()) : item.toString());
    }
    assertEquals(items.size(), texts.size());
    return texts;
  }

  /** Jet's metrics need a running job; the verifier has none. */
  private record IgnoredMetric(String name) implements Metric {

    @Override
    public Unit unit() {
      return Unit.COUNT;
    }

    @Override
    public void set(long newValue) {}

    @Override
    public void increment() {}

    @Override
    public void increment(long amount) {}

    @Override
    public void decrement() {}

    @Override
    public void decrement(long amount) {}
  }
}
