package dolphin.jet.gates;

import com.hazelcast.map.EntryProcessor;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;
import java.util.Map;

/**
 * Applies one signal (msgpack, {@code docs/contracts.md}) to one entry of a gate map, on the thread
 * that owns it.
 *
 * <p>It answers a msgpack map {@code accepted, changed, refusal, command} and never throws on a
 * payload: an exception would lose the cut in somebody's retry. Its backup processor sets the
 * absolute value it stored; the rule runs once, on the owner. One instance is for one key, because
 * Hazelcast asks it for its backup after it ran: a second key is refused.
 */
abstract sealed class ApplySignal
    implements EntryProcessor<String, byte[], byte[]>, IdentifiedDataSerializable
    permits ApplyLeverage, ApplyPosture {

  private byte[] payload;
  private transient String key;
  private transient byte[] stored;

  ApplySignal(byte[] payload) {
    this.payload = payload;
  }

  /** The rule of this map. */
  abstract GateEntry.Applied apply(String entryKey, byte[] value, byte[] signal);

  @Override
  public byte[] process(Map.Entry<String, byte[]> entry) {
    if (key != null && !key.equals(entry.getKey())) {
      return GateEntry.refusal("one signal is for one entry");
    }
    key = entry.getKey();
    GateEntry.Applied applied = apply(key, entry.getValue(), payload);
    stored = applied.value();
    if (stored != null) {
      entry.setValue(stored);
    }
    return applied.answer();
  }

  /** The processor that makes a backup equal to the owner; null if the entry did not change. */
  @Override
  public EntryProcessor<String, byte[], byte[]> getBackupProcessor() {
    return stored == null ? null : new SetEntry(key, stored);
  }

  @Override
  public int getFactoryId() {
    return GateSerializers.FACTORY_ID;
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
