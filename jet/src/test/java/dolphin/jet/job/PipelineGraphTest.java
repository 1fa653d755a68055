package dolphin.jet.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.Edge;
import com.hazelcast.jet.core.Vertex;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineGraphTest {

  private static final String SOURCE =
      "{'name': 'in', 'kind': 'journal', 'map': 'M', 'start': 'oldest'}";

  /** Only a source that starts at the newest batch asks the cluster where that is. */
  private static final HazelcastInstance NOBODY = null;

  private static final String TOPIC =
      "{'name': 'out', 'kind': 'topic', 'from': 'in', 'topic': 't', 'receives': {'as': 'batches'}}";

  @Test
  void everyLeafLeadsToProgress() {
    DAG dag =
        graph(
            SOURCE,
            TOPIC,
            "{'name': 'stage', 'kind': 'python', 'from': 'in', 'function': 'm:f',"
                + " 'keyed': true, 'parallelism': 2, 'receives': {'as': 'batches'}}",
            "{'name': 'map', 'kind': 'map', 'from': 'stage', 'map': 'M',"
                + " 'receives': {'as': 'rows', 'key': '{asset}'}}");
    Set<String> intoProgress = new HashSet<>();
    for (Edge edge : dag.getInboundEdges("progress")) {
      intoProgress.add(edge.getSourceName());
      assertTrue(edge.isDistributed(), "one progress in the whole cluster");
    }
    assertEquals(Set.of("out", "map"), intoProgress);
    assertEquals(2, vertex(dag, "stage").getLocalParallelism());
    assertEquals(2, dag.getOutboundEdges("in").size());
  }

  @Test
  void aJobIsExactlyOnceAndSuspendsRatherThanFails() {
    JobConfig config = PipelineGraph.config(parse("ars", SOURCE, TOPIC));
    assertEquals("ars", config.getName());
    assertEquals(ProcessingGuarantee.EXACTLY_ONCE, config.getProcessingGuarantee());
    assertEquals(10_000, config.getSnapshotIntervalMillis());
    assertTrue(config.isSuspendOnFailure());
    assertTrue(config.isSplitBrainProtectionEnabled());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'name': 'x', 'kind': 'map', 'from': 'in', 'map': 'M', 'receives': {}} | goes nowhere",
        "{'name': 'x', 'kind': 'log', 'from': 'nobody'} | reads from 'nobody'",
        "{'name': 'x', 'kind': 'teleport', 'from': 'in'} | unknown kind 'teleport'",
        "{'name': 'x', 'kind': 'topic', 'from': 'in'} | lacks the text topic",
        "{'name': 'x', 'kind': 'entry_processor', 'from': 'in', 'map': 'M', 'processor': 'y'} |"
            + " no entry processor is called 'y'",
      })
  void aFaultNamesTheVertex(String vertex, String said) {
    String extra = "{'name': 'in2', 'kind': 'journal', 'map': 'M', 'start': 'oldest'}";
    String[] vertices =
        said.equals("goes nowhere")
            ? new String[] {SOURCE, TOPIC, extra, vertex}
            : new String[] {SOURCE, vertex};
    IllegalArgumentException fault =
        assertThrows(IllegalArgumentException.class, () -> graph(vertices));
    assertTrue(fault.getMessage().contains(said), fault.getMessage());
  }

  @Test
  void whatIsNoDescriptionIsRefused() {
    for (String json : new String[] {"", "[]", "{}", "{\"name\": \"x\"}"}) {
      assertThrows(IllegalArgumentException.class, () -> PipelineSpec.parse(json), json);
    }
  }

  private static DAG graph(String... vertices) {
    return PipelineGraph.of(parse("test", vertices), NOBODY);
  }

  private static PipelineSpec parse(String name, String... vertices) {
    String json = "{'name': '" + name + "', 'vertices': [" + String.join(",", vertices) + "]}";
    return PipelineSpec.parse(json.replace('\'', '"'));
  }

  private static Vertex vertex(DAG dag, String name) {
    return dag.getVertex(name);
  }
}
