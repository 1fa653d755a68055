package bench;

import com.hazelcast.config.YamlConfigBuilder;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.core.DAG;
import com.hazelcast.jet.core.Edge;
import com.hazelcast.jet.core.Vertex;
import dolphin.jet.wire.Batch;
import dolphin.jet.stage.Output;
import dolphin.jet.stage.PythonStage;
import dolphin.jet.stage.StageSpec;
import java.util.List;

/** Our stage on a member as the project configures it. */
final class ArrowStage extends JetPath {

  private final String module;

  private ArrowStage(HazelcastInstance member, String module) {
    super(member);
    this.module = module;
  }

  /** Arguments: the member's configuration, the module of the functions. */
  public static void main(String[] arguments) throws Exception {
    HazelcastInstance member =
        Hazelcast.newHazelcastInstance(new YamlConfigBuilder(arguments[0]).build());
    Rig.serve(new ArrowStage(member, arguments[1]));
  }

  @Override
  public Object message(byte[] payload) {
    return new Batch("0", 1, payload);
  }

  @Override
  protected Job submit(String function) {
    DAG dag = new DAG();
    Vertex source = dag.newVertex("source", TrafficSource::new).localParallelism(1);
    Vertex sink = dag.newVertex("sink", TrafficSink::new).localParallelism(1);
    if (function != null) {
      StageSpec spec =
          StageSpec.of("stage", module + ":" + function, false, List.of(Output.batches()));
      Vertex stage = dag.newVertex(spec.name(), PythonStage.supplier(spec));
      dag.edge(PythonStage.route(Edge.between(source, stage), spec));
      dag.edge(Edge.between(stage, sink));
    } else {
      dag.edge(Edge.between(source, sink));
    }
    return member.getJet().newJob(dag, new JobConfig());
  }
}
