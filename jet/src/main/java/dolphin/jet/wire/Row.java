package dolphin.jet.wire;

import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;

/**
 * One key and one opaque value: what a stage hands to a map or entry-processor sink, and what such
 * a sink answers downstream.
 *
 * <p>A Python stage that receives rows sees them as a record batch with the columns {@code key}
 * (utf8) and {@code value} (binary).
 */
public final class Row implements IdentifiedDataSerializable {

  private String key;
  private byte[] value;

  /** For deserialization only. */
  public Row() {}

  public Row(String key, byte[] value) {
    this.key = key;
    this.value = value;
  }

  /** The map key. */
  public String key() {
    return key;
  }

  /** The value, msgpack unless the stage says otherwise; not copied, do not modify. */
  public byte[] value() {
    return value;
  }

  @Override
  public int getFactoryId() {
    return WireSerializers.FACTORY_ID;
  }

  @Override
  public int getClassId() {
    return WireSerializers.ROW;
  }

  @Override
  public void writeData(ObjectDataOutput out) throws IOException {
    out.writeString(key);
    out.writeByteArray(value);
  }

  @Override
  public void readData(ObjectDataInput in) throws IOException {
    key = in.readString();
    value = in.readByteArray();
  }
}
