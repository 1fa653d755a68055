package dolphin.jet.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.hazelcast.collection.IList;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.core.processor.SourceProcessors;
import dolphin.jet.Row;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The stage in a real member with a real worker. */
class PythonStageTest {

  private static HazelcastInstance member;

  @BeforeAll
  static void start() {
    member = StageMember.start("stage-test", 5811);
  }

  @AfterAll
  static void stop() {
    member.shutdown();
  }

  @Test
  void rowsPassThroughAFunctionInOrder() {
    IList<Row> in = member.getList("in");
    for (int i = 0; i < 100; i++) {
      in.add(new Row("k" + i, text(i)));
    }
    StageSpec spec = StageSpec.of("echo", "stage_functions:echo", false, List.of(StageMember.ROWS));
    member.getJet().newJob(StageMember.dag(SourceProcessors.readListP("in"), spec, "out")).join();
    IList<Row> out = member.getList("out");
    assertEquals(in.stream().map(Row::key).toList(), out.stream().map(Row::key).toList());
  }

  private static byte[] text(int value) {
    return Integer.toString(value).getBytes(StandardCharsets.UTF_8);
  }
}
