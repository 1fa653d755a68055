package dolphin.jet.sink;

import com.hazelcast.core.HazelcastInstance;
import java.io.Serializable;
import java.util.concurrent.CompletionStage;

/** One asynchronous operation an item, as {@link AsyncCall} runs it. */
interface Call {

  /** Starts the operation; called in the order of the items that have the same key. */
  CompletionStage<?> start(Object item);

  /** Of two items with equal keys the second starts when the first is done; null waits for none. */
  default Object key(Object item) {
    return null;
  }

  /** What flows on once the operation of {@code item} gave {@code result}; null for nothing. */
  default Object answer(Object item, Object result) {
    return null;
  }

  /** Makes the call on the member where it will run. */
  @FunctionalInterface
  interface Factory extends Serializable {
    Call create(HazelcastInstance member);
  }
}
