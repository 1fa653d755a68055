package dolphin.jet.sink;

import com.hazelcast.map.EntryProcessor;

/** A kind of entry processor that pipelines may name: how it is made and what its answer tells. */
public interface PayloadProcessor {

  /** The processor for one row; {@code payload} is the row's msgpack value. */
  EntryProcessor<String, byte[], byte[]> create(byte[] payload);

  /** The part of {@code answer} that flows on downstream; null if nothing does. */
  byte[] publishable(byte[] answer);
}
