package dolphin.jet.wire;

import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;

/**
 * The one item that flows: an Arrow IPC stream holding one record batch, with the key it is
 * partitioned by and its market time.
 *
 * <p>Java never looks inside {@code arrow}; whatever a job needs to route or order a batch is in
 * the other two fields. The Python counterpart is {@code dolphin.cluster.wire.Batch}.
 */
public final class Batch implements IdentifiedDataSerializable {

  private String key;
  private long timeNs;
  private byte[] arrow;

  /** For deserialization only. */
  public Batch() {}

  public Batch(String key, long timeNs, byte[] arrow) {
    this.key = key;
    this.timeNs = timeNs;
    this.arrow = arrow;
  }

  /** Shard or key group. */
  public String key() {
    return key;
  }

  /** Market time of the last row, nanoseconds. */
  public long timeNs() {
    return timeNs;
  }

  /** The Arrow IPC stream; not copied, do not modify. */
  public byte[] arrow() {
    return arrow;
  }

  @Override
  public int getFactoryId() {
    return WireSerializers.FACTORY_ID;
  }

  @Override
  public int getClassId() {
    return WireSerializers.BATCH;
  }

  @Override
  public void writeData(ObjectDataOutput out) throws IOException {
    out.writeString(key);
    out.writeLong(timeNs);
    out.writeByteArray(arrow);
  }

  @Override
  public void readData(ObjectDataInput in) throws IOException {
    key = in.readString();
    timeNs = in.readLong();
    arrow = in.readByteArray();
  }
}
