package dolphin.jet.job;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.jet.config.EdgeConfig;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.Edge;
import com.hazelcast.jet.core.ProcessorSupplier;
import com.hazelcast.jet.core.Vertex;
import dolphin.jet.job.PipelineSpec.Node;
import dolphin.jet.sink.Sinks;
import dolphin.jet.source.Sources;
import dolphin.jet.source.StartAt;
import dolphin.jet.stage.Output;
import dolphin.jet.stage.PythonStage;
import dolphin.jet.stage.StageSpec;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Turns a {@link PipelineSpec} into the graph that Jet runs.
 *
 * <p>Vertices keep the names of the description, since those are what an operator sees in metrics
 * and Management Center. Every leaf leads to one more vertex, {@code progress}, which learns from
 * the watermarks up to which market time the job has finished everything.
 */
final class PipelineGraph {

  /** Items that may wait on an edge; with batches of tens of kilobytes this bounds the memory. */
  private static final int QUEUE_SIZE = 256;

  private static final String PROGRESS = "progress";

  private final PipelineSpec spec;
  private final HazelcastInstance cluster;
  private final DAG dag = new DAG();
  private final Map<String, Vertex> vertices = new HashMap<>();
  private final Map<String, StageSpec> stages = new HashMap<>();
  private final Map<String, Integer> outgoing = new HashMap<>();

  private PipelineGraph(PipelineSpec spec, HazelcastInstance cluster) {
    this.spec = spec;
    this.cluster = cluster;
  }

  /** The graph of a job that is submitted to {@code cluster} now. */
  static DAG of(PipelineSpec spec, HazelcastInstance cluster) {
    return new PipelineGraph(spec, cluster).build();
  }

  static JobConfig config(PipelineSpec spec) {
    return new JobConfig()
        .setName(spec.name())
        .setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE)
        .setSnapshotIntervalMillis(spec.snapshotIntervalMs())
        .setSplitBrainProtection(true)
        .setSuspendOnFailure(true);
  }

  private DAG build() {
    for (Node node : spec.nodes()) {
      vertices.put(node.name(), vertex(node));
    }
    for (Node node : spec.nodes()) {
      if (node.from() != null) {
        connect(node);
      }
    }
    Vertex progress = dag.newVertex(PROGRESS, Sinks.progress(spec.name()));
    int ordinal = 0;
    for (Node node : spec.nodes()) {
      if (spec.readersOf(node.name()).isEmpty()) {
        if (isSource(node) || stages.containsKey(node.name())) {
          throw new IllegalArgumentException("what '" + node.name() + "' gives goes nowhere");
        }
        Edge edge = Edge.from(vertices.get(node.name())).to(progress, ordinal);
        ordinal++;
        dag.edge(bounded(edge.distributed().allToOne(spec.name())));
      }
    }
    return dag;
  }

  private Vertex vertex(Node node) {
    String name = node.name();
    return switch (node.kind()) {
      case "journal" ->
          dag.newVertex(name, Sources.journal(cluster, node.text("map"), start(node)))
              .localParallelism(1);
      case "topics" ->
          dag.newVertex(name, Sources.topics(cluster, node.texts("topics"), start(node)));
      case "python" -> stage(node);
      case "map" -> sink(name, Sinks.map(node.text("map"), batchKey(node)));
      case "topic" -> sink(name, Sinks.topic(node.text("topic")));
      case "entry_processor" ->
          sink(
              name,
              Sinks.entryProcessor(
                  node.text("map"), PayloadProcessors.named(node.text("processor"))));
      case "log" -> sink(name, Sinks.log(name));
      default ->
          throw new IllegalArgumentException(
              "vertex '" + name + "' is of the unknown kind '" + node.kind() + "'");
    };
  }

  private Vertex sink(String name, ProcessorSupplier supplier) {
    return dag.newVertex(name, supplier).localParallelism(1);
  }

  private Vertex stage(Node node) {
    StageSpec stage = stageSpec(node);
    stages.put(node.name(), stage);
    Vertex vertex = dag.newVertex(node.name(), PythonStage.supplier(stage));
    return stage.keyed()
        ? vertex.localParallelism(node.settings().getInt("parallelism", 1))
        : vertex;
  }

  private StageSpec stageSpec(Node node) {
    JsonObject settings = node.settings();
    StageSpec defaults =
        StageSpec.of(
            node.name(),
            node.text("function"),
            settings.getBoolean("keyed", true),
            spec.readersOf(node.name()).stream().map(reader -> output(reader)).toList());
    return new StageSpec(
        defaults.name(),
        defaults.function(),
        settings.get("params") == null ? "{}" : settings.get("params").toString(),
        defaults.interpreter(),
        defaults.pythonPath(),
        defaults.keyed(),
        Duration.ofMillis(settings.getLong("deadline_ms", defaults.batchDeadline().toMillis())),
        settings.getInt("max_failures", defaults.maxFailures()),
        defaults.maxInFlight(),
        defaults.maxBatchBytes(),
        settings.getLong("max_memory_bytes", defaults.maxMemoryBytes()),
        defaults.outputs());
  }

  /** What a stage gives to {@code reader}. */
  private static Output output(Node reader) {
    JsonObject receives = reader.receives();
    String as = receives.getString("as", "");
    return switch (as) {
      case "batches" -> new Output.Batches();
      case "split" ->
          new Output.Split(receives.getString("column", ""), receives.getInt("key_groups", 0));
      case "rows" ->
          new Output.Rows(
              receives.getString("key", ""),
              receives.getString("value_column", null),
              receives.get("columns") == null ? List.of() : Node.texts(receives.get("columns")),
              receives.getBoolean("last_row_only", false));
      default ->
          throw new IllegalArgumentException(
              "vertex '" + reader.name() + "' receives the unknown form '" + as + "'");
    };
  }

  private void connect(Node node) {
    Vertex from = vertices.get(node.from());
    if (from == null) {
      throw new IllegalArgumentException(
          "vertex '" + node.name() + "' reads from '" + node.from() + "', which does not exist");
    }
    int ordinal = outgoing.merge(node.from(), 1, Integer::sum) - 1;
    Edge edge = Edge.from(from, ordinal).to(vertices.get(node.name()));
    StageSpec stage = stages.get(node.name());
    dag.edge(bounded(stage == null ? edge : PythonStage.route(edge, stage)));
  }

  private static Edge bounded(Edge edge) {
    return edge.setConfig(new EdgeConfig().setQueueSize(QUEUE_SIZE));
  }

  private static boolean isSource(Node node) {
    return node.from() == null;
  }

  private static StartAt start(Node node) {
    return StartAt.valueOf(node.text("start").toUpperCase(Locale.ROOT));
  }

  private static String batchKey(Node node) {
    return node.receives().getString("key", "{key}");
  }
}
