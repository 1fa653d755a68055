package dolphin.jet.wire;

import com.hazelcast.map.EntryProcessor;
import java.io.Serializable;

/**
 * A kind of entry processor that pipelines may name: how it is made and what its answer tells. It
 * has no state; a job carries it to the members.
 */
public interface PayloadProcessor extends Serializable {

  /** The processor for one row; {@code payload} is the row's msgpack value. */
  EntryProcessor<String, byte[], byte[]> create(byte[] payload);

  /** The part of {@code answer} that flows on downstream; null if nothing does. */
  byte[] publishable(byte[] answer);
}
