package bench;

import com.hazelcast.jet.core.AbstractProcessor;

/** Tells the current {@link Traffic} of each message that comes out of a job. */
final class TrafficSink extends AbstractProcessor {

  private final Traffic traffic = JetPath.traffic();

  @Override
  protected boolean tryProcess(int ordinal, Object item) {
    traffic.arrive();
    return true;
  }
}
