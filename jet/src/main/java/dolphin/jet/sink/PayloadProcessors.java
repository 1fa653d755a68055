package dolphin.jet.sink;

import dolphin.jet.leverage.LeverageSignals;
import dolphin.jet.leverage.PostureSignals;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The entry processors that pipelines may name. A name, never a class: a job cannot load code. */
public final class PayloadProcessors {

  private static final Map<String, PayloadProcessor> REGISTERED =
      Map.of("leverage", new LeverageSignals(), "posture", new PostureSignals());

  private PayloadProcessors() {}

  public static Set<String> names() {
    return new TreeSet<>(REGISTERED.keySet());
  }

  static PayloadProcessor named(String name) {
    requireNamed(name);
    return REGISTERED.get(name);
  }

  static void requireNamed(String name) {
    if (!REGISTERED.containsKey(name)) {
      throw new IllegalArgumentException(
          "no entry processor is called '" + name + "'; there are " + names());
    }
  }
}
