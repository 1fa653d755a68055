package dolphin.jet.job;

import dolphin.jet.gates.LeverageSignals;
import dolphin.jet.gates.PostureSignals;
import dolphin.jet.wire.PayloadProcessor;
import java.util.Map;
import java.util.TreeSet;

/** The entry processors that pipelines may name. A name, never a class: a job cannot load code. */
final class PayloadProcessors {

  private static final Map<String, PayloadProcessor> REGISTERED =
      Map.of("leverage", new LeverageSignals(), "posture", new PostureSignals());

  private PayloadProcessors() {}

  static PayloadProcessor named(String name) {
    PayloadProcessor found = REGISTERED.get(name);
    if (found == null) {
      throw new IllegalArgumentException(
          "no entry processor is called '"
              + name
              + "'; there are "
              + new TreeSet<>(REGISTERED.keySet()));
    }
    return found;
  }
}
