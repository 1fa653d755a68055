package bench;

import com.hazelcast.jet.core.AbstractProcessor;

/** Gives a job the messages of the current {@link Traffic}; wakes as soon as one is offered. */
final class TrafficSource extends AbstractProcessor {

  private final Traffic traffic = JetPath.traffic();
  private long emitted;

  @Override
  public boolean complete() {
    traffic.attachReceiver();
    while (emitted < traffic.offered() && tryEmit(traffic.message())) {
      emitted++;
    }
    return false;
  }
}
