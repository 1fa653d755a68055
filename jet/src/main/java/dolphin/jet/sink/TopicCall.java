package dolphin.jet.sink;

import com.hazelcast.cluster.Address;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.serialization.SerializationService;
import com.hazelcast.ringbuffer.OverflowPolicy;
import com.hazelcast.spi.impl.SerializationServiceSupport;
import com.hazelcast.topic.impl.reliable.ReliableTopicMessage;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;
import java.util.concurrent.CompletionStage;

/**
 * Publishes on a reliable topic: a batch as it is, a row's value.
 *
 * <p>It appends to the topic's ring buffer itself, because {@code ITopic.publishAsync} with the
 * overload policy DISCARD_OLDEST never completes its future (Hazelcast 5.7.0). A full ring buffer
 * overwrites its oldest message: a slow subscriber must not hold up the others, nor the job.
 */
final class TopicCall implements Call {

  private static final String RING_PREFIX = "_hz_rb_";

  private final HazelcastInstance member;
  private final KeyTemplate topic;
  private final SerializationService serialization;
  private final Address publisher;

  TopicCall(HazelcastInstance member, KeyTemplate topic) {
    this.member = member;
    this.topic = topic;
    this.serialization = ((SerializationServiceSupport) member).getSerializationService();
    this.publisher = member.getCluster().getLocalMember().getAddress();
  }

  /** Batches of a topic keep their order; commands carry their own, and must not wait. */
  @Override
  public String key(Object item) {
    return item instanceof Batch batch ? topic.of(batch) : null;
  }

  @Override
  public CompletionStage<?> start(Object item) {
    return item instanceof Row row
        ? publish(topic.text(), row.value())
        : publish(topic.of((Batch) item), item);
  }

  private CompletionStage<Long> publish(String name, Object payload) {
    ReliableTopicMessage message =
        new ReliableTopicMessage(serialization.toData(payload), publisher);
    return member.getRingbuffer(RING_PREFIX + name).addAsync(message, OverflowPolicy.OVERWRITE);
  }
}
