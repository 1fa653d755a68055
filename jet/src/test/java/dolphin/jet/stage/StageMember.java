package dolphin.jet.stage;

import static com.hazelcast.jet.core.Edge.between;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.Vertex;
import com.hazelcast.jet.core.processor.SinkProcessors;
import dolphin.jet.DolphinSerializers;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
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
        .addDataSerializableFactory(DolphinSerializers.FACTORY_ID, new DolphinSerializers());
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

  /** source, stage, list of rows. */
  static DAG dag(ProcessorMetaSupplier source, StageSpec spec, String outputList) {
    DAG dag = new DAG();
    Vertex from = dag.newVertex("source", source).localParallelism(1);
    Vertex stage = dag.newVertex(spec.name(), PythonStage.supplier(spec));
    Vertex to = dag.newVertex("sink", SinkProcessors.writeListP(outputList)).localParallelism(1);
    dag.edge(PythonStage.route(between(from, stage), spec)).edge(between(stage, to));
    return dag;
  }
}
