package dolphin.jet.gates.merge;

import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.spi.merge.MergingValue;
import com.hazelcast.spi.merge.SplitBrainMergePolicy;

/**
 * The merge policy of {@code LEVERAGE} and {@code POSTURE}.
 *
 * <p>The database has let only one side change a gate, so this decides between copies of which one
 * is old, or whose leases differ; it never opens what either side had closed. A gate that the
 * surviving cluster does not have grants nothing before its next signal.
 */
public final class MostRestrictive
    implements SplitBrainMergePolicy<byte[], MergingValue<byte[]>, byte[]> {

  @Override
  public byte[] merge(MergingValue<byte[]> merging, MergingValue<byte[]> existing) {
    byte[] arriving = merging.getDeserializedValue();
    return existing == null
        ? GateJoin.withoutLease(arriving)
        : GateJoin.join(arriving, existing.getDeserializedValue());
  }

  /** It has no state. */
  @Override
  public void writeData(ObjectDataOutput out) {}

  @Override
  public void readData(ObjectDataInput in) {}
}
