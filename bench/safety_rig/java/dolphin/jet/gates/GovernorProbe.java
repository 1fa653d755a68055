package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Times the governor as the member runs it, one call at a time, interleaved:
 *
 * <pre>
 * step    GovernorRule: the state after a demand, and what it grants
 * entry   GateEntry: the same on the map's bytes, demand and value read, value and answer written
 * empty   a call that does nothing
 * </pre>
 *
 * <p>It is in the rule's package because the rule is nobody else's business. {@code java
 * dolphin.jet.gates.GovernorProbe SECONDS} prints {name: [nanoseconds, ...]}.
 */
final class GovernorProbe {

  private static final int WARM_UP = 30_000;
  private static final int SAMPLES_MAX = 200_000;
  private static final long STEP_NS = 250_000_000;
  private static final long START_NS = 1_700_000_000_000_000_000L;

  private static final GovernorRule RULE = new GovernorRule(Law.packaged());

  private final Map<String, List<Long>> samples = new LinkedHashMap<>();
  private GovernorRule.State state = GovernorRule.State.FIRST;
  private byte[] value;
  private long number;
  private long sink; // what is computed is used

  private GovernorProbe() {}

  public static void main(String[] arguments) {
    GovernorProbe probe = new GovernorProbe();
    for (int round = 0; round < WARM_UP; round++) {
      probe.round();
    }
    probe.samples.clear();
    long until = System.nanoTime() + (long) (Double.parseDouble(arguments[0]) * 1e9);
    for (int round = 0; round < SAMPLES_MAX && System.nanoTime() < until; round++) {
      probe.round();
    }
    System.out.println(probe.json());
  }

  private void round() {
    number++;
    long nowNs = START_NS + number * STEP_NS;
    long cmdPpm = number % 64 == 0 ? 300_000 : Ppm.ONE; // mostly recovering, now and then a fall
    GovernorRule.Demand demand = new GovernorRule.Demand(nowNs, true, List.of(), cmdPpm);
    byte[] payload = payload(nowNs, cmdPpm);
    time("empty", () -> number);
    time("step", () -> step(demand));
    time("entry", () -> entry(payload));
  }

  private long step(GovernorRule.Demand demand) {
    state = RULE.govern(state, demand);
    return RULE.grant(state).capPpm();
  }

  private long entry(byte[] payload) {
    GateEntry.Applied applied = GateEntry.applyToPosture("bench", value, payload);
    value = applied.value();
    return applied.answer().length;
  }

  private void time(String name, LongSupplier call) {
    long since = System.nanoTime();
    sink += call.getAsLong();
    long took = System.nanoTime() - since;
    samples.computeIfAbsent(name, each -> new ArrayList<>(SAMPLES_MAX)).add(took);
  }

  /** A demand as the stage sends it. */
  private byte[] payload(long nowNs, long cmdPpm) {
    Writer writer = new Writer().map(11);
    writer.text("kind").text("demand");
    writer.text("epoch").whole(START_NS);
    writer.text("seq").whole(number);
    writer.text("time_ns").whole(nowNs);
    writer.text("is_ready").claim(true);
    writer.text("broken").list(0);
    writer.text("r_cmd_ppm").whole(cmdPpm);
    writer.text("factors_ppm").wholes(List.of(Ppm.ONE, Ppm.ONE, cmdPpm, Ppm.ONE, Ppm.ONE));
    writer.text("passive_only").claim(false);
    writer.text("reasons").list(0);
    writer.text("expires_at_ns").whole(nowNs + 2_000_000_000L);
    return writer.bytes();
  }

  private String json() {
    StringBuilder json = new StringBuilder("{");
    samples.forEach(
        (name, taken) -> {
          json.append(json.length() > 1 ? ", " : "").append('"').append(name).append("\": ");
          json.append(taken);
        });
    return json.append(", \"sink\": [").append(sink == 0 ? 0 : 1).append("]}").toString();
  }
}
