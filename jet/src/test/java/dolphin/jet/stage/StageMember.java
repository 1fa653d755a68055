package dolphin.jet.stage;

import static com.hazelcast.jet.core.Edge.between;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.Vertex;
import com.hazelcast.jet.core.processor.SinkProcessors;
import dolphin.jet.wire.Row;
import dolphin.jet.wire.WireSerializers;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A real member on loopback, and the real interpreter, for the tests of the stage. */
final class StageMember {

  /** Rows out as they are: the columns of the test functions are those of a row. */
  static final Output ROWS = new Output.Rows("{key}", "value", List.of(), false);

  private StageMember() {}

  static HazelcastInstance start(String clusterName, int port) {
    usePython();
    Config config = new Config();
    config.setClusterName(clusterName);
    config.setProperty("hazelcast.logging.type", "none");
    config.setProperty("hazelcast.shutdownhook.enabled", "false");
    config.getJetConfig().setEnabled(true);
    config.getJetConfig().setCooperativeThreadCount(1);
    config.getNetworkConfig().setPort(port).setPortAutoIncrement(true);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    config
        .getNetworkConfig()
        .getJoin()
        .getTcpIpConfig()
        .setEnabled(true)
        .addMember("127.0.0.1:" + port);
    config
        .getSerializationConfig()
        .addDataSerializableFactory(WireSerializers.FACTORY_ID, new WireSerializers());
    return Hazelcast.newHazelcastInstance(config);
  }

  /** Points the stage at the tree's interpreter, or at the one that DOLPHIN_PYTHON names. */
  static void usePython() {
    Path root = root();
    String given = System.getProperty("DOLPHIN_PYTHON", System.getenv("DOLPHIN_PYTHON"));
    String python = given != null ? given : root.resolve(".venv/bin/python").toString();
    System.setProperty(WorkerConfig.INTERPRETER_PROPERTY, python);
    System.setProperty(
        WorkerConfig.PYTHON_PATH_PROPERTY,
        root.resolve("src") + File.pathSeparator + root.resolve("jet/src/test/python"));
  }

  static Path root() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("pyproject.toml"))) {
      directory = directory.getParent();
    }
    return directory;
  }

  /** A stage that answers rows. */
  static StageSpec rowStage(String name, String function, boolean keyed) {
    return StageSpec.of(name, "stage_functions:" + function, keyed, List.of(ROWS));
  }

  /** The same stage with other bounds. */
  static StageSpec with(
      StageSpec spec, String paramsJson, Duration deadline, int maxFailures, long memoryBytes) {
    return new StageSpec(
        spec.name(),
        spec.function(),
        paramsJson,
        spec.interpreter(),
        spec.pythonPath(),
        spec.keyed(),
        deadline,
        maxFailures,
        spec.maxInFlight(),
        spec.maxBatchBytes(),
        memoryBytes,
        spec.outputs());
  }

  /** A stage that is killed on purpose, as often as the test likes. */
  static StageSpec forChaos(StageSpec spec) {
    return with(spec, "{}", StageSpec.DEFAULT_BATCH_DEADLINE, Integer.MAX_VALUE, 0);
  }

  /** The source, the stages one after the other, the sink. */
  static DAG dag(ProcessorMetaSupplier source, ProcessorMetaSupplier sink, StageSpec... stages) {
    DAG dag = new DAG();
    Vertex last = dag.newVertex("source", source).localParallelism(1);
    for (StageSpec spec : stages) {
      Vertex stage = dag.newVertex(spec.name(), PythonStage.supplier(spec));
      dag.edge(PythonStage.route(between(last, stage), spec));
      last = stage;
    }
    return dag.edge(between(last, dag.newVertex("sink", sink).localParallelism(1)));
  }

  /** Rows to a list, in order when the stage has one worker. */
  static ProcessorMetaSupplier list(String name) {
    return SinkProcessors.writeListP(name);
  }

  /** The last row of each key to a map. */
  static ProcessorMetaSupplier map(String name) {
    return SinkProcessors.writeMapP(name, Row::key, (Row row) -> number(row.value()));
  }

  /** Eight bytes, little-endian: the numbers of the test functions. */
  static byte[] bytes(long number) {
    byte[] raw = new byte[Long.BYTES];
    ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
    return raw;
  }

  /** The inverse of {@link #bytes}. */
  static long number(byte[] raw) {
    return ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }
}
