package dolphin.jet.wire;

import com.hazelcast.nio.serialization.DataSerializableFactory;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;

/** The fixed ids of what flows; Python names the same classes by them, see the contracts page. */
public final class WireSerializers implements DataSerializableFactory {

  public static final int FACTORY_ID = 7100;
  static final int BATCH = 1;
  static final int ROW = 2;

  @Override
  public IdentifiedDataSerializable create(int typeId) {
    return switch (typeId) {
      case BATCH -> new Batch();
      case ROW -> new Row();
      default -> throw new IllegalArgumentException("nothing that flows has the id " + typeId);
    };
  }
}
