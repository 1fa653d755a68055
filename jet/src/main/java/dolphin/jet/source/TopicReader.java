package dolphin.jet.source;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.serialization.SerializationService;
import com.hazelcast.jet.JetException;
import com.hazelcast.ringbuffer.ReadResultSet;
import com.hazelcast.ringbuffer.Ringbuffer;
import com.hazelcast.spi.impl.SerializationServiceSupport;
import com.hazelcast.topic.impl.reliable.ReliableTopicMessage;
import dolphin.jet.wire.Batch;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The ring buffers behind reliable topics that carry {@link Batch}es; one strand a topic. */
final class TopicReader implements LogReader {

  /** What Hazelcast puts before a reliable topic's name to get that of its ring buffer. */
  private static final String RING_PREFIX = "_hz_rb_";

  private final List<String> topics;
  private final List<Ringbuffer<ReliableTopicMessage>> rings;
  private final SerializationService serialization;

  TopicReader(HazelcastInstance member, List<String> topics) {
    this.topics = topics;
    this.rings =
        topics.stream()
            .map(topic -> member.<ReliableTopicMessage>getRingbuffer(RING_PREFIX + topic))
            .toList();
    this.serialization = ((SerializationServiceSupport) member).getSerializationService();
  }

  @Override
  public int strands() {
    return topics.size();
  }

  @Override
  public String strand(int i) {
    return "topic " + topics.get(i);
  }

  @Override
  public CompletionStage<Long> oldest(int i) {
    return CompletableFuture.completedStage(rings.get(i).headSequence());
  }

  @Override
  public CompletionStage<Long> next(int i) {
    return CompletableFuture.completedStage(rings.get(i).tailSequence() + 1);
  }

  @Override
  public CompletionStage<? extends ReadResultSet<?>> read(int i, long sequence) {
    Ringbuffer<ReliableTopicMessage> ring = rings.get(i);
    int most = (int) Math.min(MAX_FETCH, ring.capacity());
    return ring.readManyAsync(sequence, 1, most, null);
  }

  @Override
  public Batch batch(Object item) {
    Object payload = serialization.toObject(((ReliableTopicMessage) item).getPayload());
    if (payload instanceof Batch batch) {
      return batch;
    }
    throw new JetException(
        "the topics " + topics + " are read as batches, but one carries " + payload.getClass());
  }
}
