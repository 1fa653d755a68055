package dolphin.jet.gates;

import com.hazelcast.map.EntryProcessor;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;
import java.util.Map;

/**
 * Makes the backup of a gate entry what the owner stored: an absolute value, whatever the backup
 * held. Running the rule again on the backup was measured to corrupt it.
 */
public final class SetEntry
    implements EntryProcessor<String, byte[], byte[]>, IdentifiedDataSerializable {

  private String key;
  private byte[] value;

  /** For deserialization only. */
  public SetEntry() {}

  SetEntry(String key, byte[] value) {
    this.key = key;
    this.value = value;
  }

  @Override
  public byte[] process(Map.Entry<String, byte[]> entry) {
    if (entry.getKey().equals(key)) {
      entry.setValue(value);
    }
    return null;
  }

  /** It is the backup; it has none. */
  @Override
  public EntryProcessor<String, byte[], byte[]> getBackupProcessor() {
    return null;
  }

  @Override
  public int getFactoryId() {
    return GateSerializers.FACTORY_ID;
  }

  @Override
  public int getClassId() {
    return GateSerializers.SET_ENTRY;
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
