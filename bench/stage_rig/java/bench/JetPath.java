package bench;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.Job;

/** A path through a Jet job on a member in this process. */
abstract class JetPath implements Subject {

  /** Processors are made by Jet, which cannot be handed an object of ours. */
  private static volatile Traffic current;

  protected final HazelcastInstance member;
  private Job job;

  JetPath(HazelcastInstance member) {
    this.member = member;
  }

  static Traffic traffic() {
    return current;
  }

  /** Submits the job; without a stage if {@code function} is null. */
  protected abstract Job submit(String function);

  @Override
  public final void start(Traffic traffic, String function) {
    current = traffic;
    job = submit(function);
  }

  @Override
  public final void stop() throws InterruptedException {
    job.cancel();
    while (!job.getStatus().isTerminal()) {
      Thread.sleep(5);
    }
  }

  @Override
  public final void close() {
    member.shutdown();
  }
}
