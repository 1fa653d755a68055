package dolphin.jet;

import com.hazelcast.nio.serialization.DataSerializableFactory;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import dolphin.jet.job.JobCommand;
import dolphin.jet.leverage.ApplyLeverage;
import dolphin.jet.leverage.ApplyPosture;
import dolphin.jet.leverage.SetEntry;

/** The fixed ids by which Python and Java name the same classes; see {@code docs/contracts.md}. */
public final class DolphinSerializers implements DataSerializableFactory {

  public static final int FACTORY_ID = 7100;
  public static final int BATCH = 1;
  public static final int ROW = 2;
  public static final int APPLY_LEVERAGE = 10;
  public static final int SET_ENTRY = 11;
  public static final int APPLY_POSTURE = 12;
  public static final int JOB_COMMAND = 20;

  @Override
  public IdentifiedDataSerializable create(int typeId) {
    return switch (typeId) {
      case BATCH -> new Batch();
      case ROW -> new Row();
      case APPLY_LEVERAGE -> new ApplyLeverage();
      case SET_ENTRY -> new SetEntry();
      case APPLY_POSTURE -> new ApplyPosture();
      case JOB_COMMAND -> new JobCommand();
      default -> throw new IllegalArgumentException("no DOLPHIN class has the id " + typeId);
    };
  }
}
