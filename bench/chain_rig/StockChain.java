import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.jet.Util;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.config.ProcessingGuarantee;
import com.hazelcast.jet.core.JobStatus;
import com.hazelcast.jet.pipeline.JournalInitialPosition;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.Sources;

/** Submits the same chain built from Jet's own journal source and reliable-topic sink. */
public final class StockChain {

  public static void main(String[] arguments) throws InterruptedException {
    var config = new ClientConfig().setClusterName(arguments[1]);
    config.getNetworkConfig().addAddress(arguments[0]);
    var client = HazelcastClient.newHazelcastClient(config);
    var pipeline = Pipeline.create();
    pipeline
        .readFrom(
            Sources.mapJournal(
                "MARKET_EVENTS",
                JournalInitialPosition.START_FROM_CURRENT,
                Util.mapEventNewValue(),
                Util.mapPutEvents()))
        .withoutTimestamps()
        .writeTo(Sinks.reliableTopic("market.0"));
    var job =
        client
            .getJet()
            .newJob(
                pipeline,
                new JobConfig()
                    .setName("stock")
                    .setProcessingGuarantee(ProcessingGuarantee.EXACTLY_ONCE));
    while (job.getStatus() != JobStatus.RUNNING) {
      Thread.sleep(20);
    }
    client.shutdown();
  }
}
