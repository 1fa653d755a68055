package dolphin.jet.source;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.journal.EventJournalInitialSubscriberState;
import com.hazelcast.internal.journal.EventJournalReader;
import com.hazelcast.map.EventJournalMapEvent;
import com.hazelcast.map.impl.journal.InternalEventJournalMapEvent;
import com.hazelcast.ringbuffer.ReadResultSet;
import dolphin.jet.wire.Batch;
import java.io.Serializable;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The event journal of a map whose values are {@link Batch}es; one strand a partition. */
final class JournalReader implements LogReader {

  private final String map;
  private final int[] partitions;
  private final EventJournalReader<EventJournalMapEvent<String, Batch>> journal;

  @SuppressWarnings("unchecked")
  JournalReader(HazelcastInstance member, String map, int[] partitions) {
    this.map = map;
    this.partitions = partitions;
    // Hazelcast's own map proxy; the interface is internal, and it is what Jet's source uses too.
    this.journal = (EventJournalReader<EventJournalMapEvent<String, Batch>>) member.getMap(map);
  }

  @Override
  public int strands() {
    return partitions.length;
  }

  @Override
  public String strand(int i) {
    return map + "/" + partitions[i];
  }

  @Override
  public CompletionStage<Long> oldest(int i) {
    return journal
        .subscribeToEventJournal(partitions[i])
        .thenApply(EventJournalInitialSubscriberState::getOldestSequence);
  }

  @Override
  public CompletionStage<Long> next(int i) {
    return journal
        .subscribeToEventJournal(partitions[i])
        .thenApply(state -> state.getNewestSequence() + 1);
  }

  @Override
  public CompletionStage<? extends ReadResultSet<?>> read(int i, long sequence) {
    return journal.readFromEventJournal(
        sequence, 1, MAX_FETCH, partitions[i], null, new SerializedNewValue());
  }

  @Override
  public Batch batch(Object item) {
    return (Batch) item;
  }

  /**
   * Takes the new value as the bytes that the journal holds. Without it the reader gets a copy of
   * key, new and old value; with {@code getNewValue} the partition thread would deserialize the
   * batch and serialize it again.
   */
  private static final class SerializedNewValue
      implements Function<EventJournalMapEvent<String, Batch>, Object>, Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public Object apply(EventJournalMapEvent<String, Batch> event) {
      return ((InternalEventJournalMapEvent) event).getDataNewValue();
    }
  }
}
