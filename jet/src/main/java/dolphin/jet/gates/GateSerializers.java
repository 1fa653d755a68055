package dolphin.jet.gates;

import com.hazelcast.nio.serialization.DataSerializableFactory;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;

/** The fixed ids of the gates' entry processors; Python names the same classes by them. */
public final class GateSerializers implements DataSerializableFactory {

  public static final int FACTORY_ID = 7101;
  static final int APPLY_LEVERAGE = 10;
  static final int SET_ENTRY = 11;
  static final int APPLY_POSTURE = 12;

  @Override
  public IdentifiedDataSerializable create(int typeId) {
    return switch (typeId) {
      case APPLY_LEVERAGE -> new ApplyLeverage();
      case SET_ENTRY -> new SetEntry();
      case APPLY_POSTURE -> new ApplyPosture();
      default -> throw new IllegalArgumentException("no entry processor has the id " + typeId);
    };
  }
}
