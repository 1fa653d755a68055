package dolphin.jet.job;

import com.hazelcast.nio.serialization.DataSerializableFactory;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;

/** The fixed id of a request about jobs; Python names the same class by it. */
public final class JobSerializers implements DataSerializableFactory {

  public static final int FACTORY_ID = 7102;
  static final int JOB_COMMAND = 20;

  @Override
  public IdentifiedDataSerializable create(int typeId) {
    if (typeId == JOB_COMMAND) {
      return new JobCommand();
    }
    throw new IllegalArgumentException("no request about jobs has the id " + typeId);
  }
}
