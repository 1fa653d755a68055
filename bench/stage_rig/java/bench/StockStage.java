package bench;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.Sources;
import com.hazelcast.jet.pipeline.StreamStage;
import com.hazelcast.jet.python.PythonServiceConfig;
import com.hazelcast.jet.python.PythonTransforms;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.charset.StandardCharsets;

/** The stock {@code mapUsingPython} on a member with Hazelcast's own defaults. */
final class StockStage extends JetPath {

  private static final int MAX_MESSAGE_BYTES = 100 << 20;

  private final String handlerFile;

  private StockStage(HazelcastInstance member, String handlerFile) {
    super(member);
    this.handlerFile = handlerFile;
  }

  /** Argument: the Python file of the functions. */
  public static void main(String[] arguments) throws Exception {
    Config config = new Config();
    config.getJetConfig().setEnabled(true).setResourceUploadEnabled(true);
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.setProperty("hazelcast.socket.bind.any", "false");
    Rig.serve(new StockStage(Hazelcast.newHazelcastInstance(config), arguments[0]));
  }

  @Override
  public Object message(byte[] payload) {
    return new String(payload, StandardCharsets.US_ASCII);
  }

  /** A function's name alone is the stock default: batches as large as they come. NAME@N bounds them. */
  @Override
  protected Job submit(String function) {
    Pipeline pipeline = Pipeline.create();
    StreamStage<String> items =
        pipeline
            .readFrom(
                Sources.<String>streamFromProcessor(
                    "source",
                    ProcessorMetaSupplier.forceTotalParallelismOne(
                        ProcessorSupplier.of(TrafficSource::new))))
            .withoutTimestamps()
            .setLocalParallelism(1);
    if (function != null) {
      String[] nameAndBound = function.split("@");
      PythonServiceConfig python =
          new PythonServiceConfig()
              .setHandlerFile(handlerFile)
              .setHandlerFunction(nameAndBound[0])
              .setChannelFn(StockStage::channel);
      int bound = nameAndBound.length == 1 ? Integer.MAX_VALUE : Integer.parseInt(nameAndBound[1]);
      items = items.apply(PythonTransforms.mapUsingPython(python, bound)).setLocalParallelism(1);
    }
    items
        .writeTo(Sinks.fromProcessor("sink", ProcessorMetaSupplier.of(TrafficSink::new)))
        .setLocalParallelism(1);
    return member.getJet().newJob(pipeline);
  }

  /** The default, 4 MB, fails the job when a stall lets a hundred batches queue up. */
  private static ManagedChannelBuilder<?> channel(String host, Integer port) {
    return NettyChannelBuilder.forAddress(host, port).maxInboundMessageSize(MAX_MESSAGE_BYTES);
  }
}
