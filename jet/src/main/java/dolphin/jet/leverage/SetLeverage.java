package dolphin.jet.leverage;

import com.hazelcast.map.EntryProcessor;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import dolphin.jet.DolphinSerializers;
import java.io.IOException;
import java.util.Map;

/**
 * Makes the backup of a leverage entry what the owner stored: an absolute value, whatever the
 * backup held. Running the rule again on the backup was measured to corrupt it.
 */
public final class SetLeverage
    implements EntryProcessor<String, byte[], byte[]>, IdentifiedDataSerializable {

  private byte[] value;

  /** For deserialization only. */
  public SetLeverage() {}

  SetLeverage(byte[] value) {
    this.value = value;
  }

  @Override
  public byte[] process(Map.Entry<String, byte[]> entry) {
    entry.setValue(value);
    return null;
  }

  /** It is the backup; it has none. */
  @Override
  public EntryProcessor<String, byte[], byte[]> getBackupProcessor() {
    return null;
  }

  @Override
  public int getFactoryId() {
    return DolphinSerializers.FACTORY_ID;
  }

  @Override
  public int getClassId() {
    return DolphinSerializers.SET_LEVERAGE;
  }

  @Override
  public void writeData(ObjectDataOutput out) throws IOException {
    out.writeByteArray(value);
  }

  @Override
  public void readData(ObjectDataInput in) throws IOException {
    value = in.readByteArray();
  }
}
