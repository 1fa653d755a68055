package dolphin.jet.job;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceAware;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;
import java.util.concurrent.Callable;

/**
 * One request about jobs, run on a member through its executor service: JSON in, JSON out.
 *
 * <p>This is how a Python client, which cannot submit a Jet job itself, does it. The request is
 * {@code {"verb": ..., "name": ..., "pipeline": ...}}; {@link JobControl} answers it.
 */
public final class JobCommand
    implements Callable<String>, IdentifiedDataSerializable, HazelcastInstanceAware {

  /** The executor service that both clients use. */
  static final String EXECUTOR = "dolphin-jobs";

  private String request;
  private transient HazelcastInstance member;

  /** For deserialization only. */
  public JobCommand() {}

  public JobCommand(String request) {
    this.request = request;
  }

  @Override
  public String call() {
    return new JobControl(member).answer(request);
  }

  @Override
  public void setHazelcastInstance(HazelcastInstance instance) {
    member = instance;
  }

  @Override
  public int getFactoryId() {
    return JobSerializers.FACTORY_ID;
  }

  @Override
  public int getClassId() {
    return JobSerializers.JOB_COMMAND;
  }

  @Override
  public void writeData(ObjectDataOutput out) throws IOException {
    out.writeString(request);
  }

  @Override
  public void readData(ObjectDataInput in) throws IOException {
    request = in.readString();
  }
}
