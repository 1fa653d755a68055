package dolphin.jet.leverage;

import com.hazelcast.map.EntryProcessor;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import dolphin.jet.DolphinSerializers;
import java.io.IOException;
import java.util.Map;

/**
 * Applies one leverage signal (msgpack, {@code docs/contracts.md}) to one entry of {@code
 * LEVERAGE}, on the thread that owns it.
 *
 * <p>It answers a msgpack map {@code accepted, changed, refusal, command} and never throws on a
 * payload: an exception would lose the cut in somebody's retry. Its backup processor sets the
 * absolute value it stored; the rule runs once, on the owner. One instance is for one key, because
 * Hazelcast asks it for its backup after it ran: a second key is refused.
 */
public final class ApplyLeverage
    implements EntryProcessor<String, byte[], byte[]>, IdentifiedDataSerializable {

  private byte[] payload;
  private transient String key;
  private transient byte[] stored;

  /** For deserialization only. */
  public ApplyLeverage() {}

  public ApplyLeverage(byte[] payload) {
    this.payload = payload;
  }

  @Override
  public byte[] process(Map.Entry<String, byte[]> entry) {
    if (key != null && !key.equals(entry.getKey())) {
      return LeverageEntry.refusal("one signal is for one entry");
    }
    key = entry.getKey();
    LeverageEntry.Applied applied = LeverageEntry.apply(key, entry.getValue(), payload);
    stored = applied.value();
    if (stored != null) {
      entry.setValue(stored);
    }
    return applied.answer();
  }

  /** The processor that makes a backup equal to the owner; null if the entry did not change. */
  @Override
  public EntryProcessor<String, byte[], byte[]> getBackupProcessor() {
    return stored == null ? null : new SetLeverage(key, stored);
  }

  /** The command in an answer, to be published; null if the signal was refused. */
  public static byte[] command(byte[] answer) {
    return LeverageEntry.publishable(answer);
  }

  @Override
  public int getFactoryId() {
    return DolphinSerializers.FACTORY_ID;
  }

  @Override
  public int getClassId() {
    return DolphinSerializers.APPLY_LEVERAGE;
  }

  @Override
  public void writeData(ObjectDataOutput out) throws IOException {
    out.writeByteArray(payload);
  }

  @Override
  public void readData(ObjectDataInput in) throws IOException {
    payload = in.readByteArray();
  }
}
