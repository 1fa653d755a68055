import com.hazelcast.config.Config;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MapStoreConfig;
import com.hazelcast.config.YamlConfigBuilder;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import dolphin.jet.gates.ApplyLeverage;
import dolphin.jet.gates.msgpack.Writer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times calls on the owner, inside a member as the project configures it, interleaved:
 *
 * <pre>
 * set         IMap.set on a plain map
 * renew       ApplyLeverage that changes nothing durable
 * offloaded   the same on a map whose store is offloaded
 * touch       an entry processor that does nothing, on a plain map
 * stored_set  IMap.set on a map with the gate store
 * cut         ApplyLeverage that changes something durable
 * </pre>
 *
 * <p>{@code java ApplyProbe.java CONFIG.yaml SECONDS} prints {name: [nanoseconds, ...]}.
 */
final class ApplyProbe {

  private static final int WARM_UP = 20_000;
  private static final int OF_MEMORY = 50; // calls that stay in memory for each that is written
  private static final int OPENING = 8; // clear votes until an asset is open
  private static final int VALUE_BYTES = 700; // of a breaker with one source

  private final Map<String, List<Long>> samples = new LinkedHashMap<>();
  private final IMap<String, byte[]> plain;
  private final IMap<String, byte[]> stored;
  private final IMap<String, byte[]> offloaded;
  private final IMap<String, byte[]> gates;
  private final byte[] value = value(1);
  private long seq = OPENING;
  private long written;

  private ApplyProbe(HazelcastInstance member) {
    plain = member.getMap("PLAIN");
    stored = member.getMap("STORED");
    offloaded = member.getMap("OFFLOADED");
    gates = member.getMap("LEVERAGE");
  }

  public static void main(String[] arguments) throws IOException {
    Config config = new YamlConfigBuilder(arguments[0]).build();
    MapStoreConfig store = config.getMapConfig("LEVERAGE").getMapStoreConfig();
    config.addMapConfig(new MapConfig("STORED").setBackupCount(0).setMapStoreConfig(store));
    config.addMapConfig(
        new MapConfig("OFFLOADED")
            .setBackupCount(0)
            .setMapStoreConfig(new MapStoreConfig(store).setOffload(true)));
    config.addMapConfig(new MapConfig("PLAIN").setBackupCount(0));
    HazelcastInstance member = Hazelcast.newHazelcastInstance(config);
    try {
      ApplyProbe probe = new ApplyProbe(member);
      probe.warmUp();
      probe.measure(Double.parseDouble(arguments[1]));
      System.out.println(probe.json());
    } finally {
      member.shutdown();
    }
  }

  private void warmUp() {
    for (int vote = 1; vote <= OPENING; vote++) {
      gates.executeOnKey("bench/A", new ApplyLeverage(vote(vote)));
      offloaded.executeOnKey("bench/A", new ApplyLeverage(vote(vote)));
    }
    for (int round = 0; round < WARM_UP; round++) {
      inMemory();
    }
    writing();
    samples.clear();
  }

  private void measure(double seconds) {
    long until = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() < until) {
      for (int round = 0; round < OF_MEMORY; round++) {
        inMemory();
      }
      writing();
    }
  }

  private void inMemory() {
    seq++;
    ApplyLeverage renewal = new ApplyLeverage(vote(seq));
    ApplyLeverage same = new ApplyLeverage(vote(seq));
    time("set", () -> plain.set("bench/A", value));
    time("renew", () -> gates.executeOnKey("bench/A", renewal));
    time("offloaded", () -> offloaded.executeOnKey("bench/A", same));
    time("touch", () -> plain.executeOnKey("bench/A", entry -> null));
  }

  private void writing() {
    written++;
    byte[] next = value(written);
    ApplyLeverage cut = new ApplyLeverage(cut(written));
    time("stored_set", () -> stored.set("bench/A", next));
    time("cut", () -> gates.executeOnKey("bench/B", cut));
  }

  private void time(String name, Runnable call) {
    long since = System.nanoTime();
    call.run();
    long took = System.nanoTime() - since;
    samples.computeIfAbsent(name, each -> new ArrayList<>()).add(took);
  }

  private String json() {
    List<String> parts = new ArrayList<>();
    samples.forEach((name, times) -> parts.add("\"" + name + "\": " + times));
    return "{" + String.join(", ", parts) + "}";
  }

  private static byte[] vote(long seq) {
    Writer writer = new Writer().map(9);
    writer.text("kind").text("vote");
    writer.text("source").text("taker");
    writer.text("seq").whole(seq);
    writer.text("time_ns").whole(seq);
    writer.text("severity_ppm").whole(0);
    writer.text("is_clear").claim(true);
    writer.text("reason").text("1 min buy share 0.51, as usual");
    writer.text("cause_id").text("BTCUSDT@trade#5237712345");
    writer.text("expires_at_ns").whole(seq + 2_000_000_000L);
    return writer.bytes();
  }

  private static byte[] cut(long seq) {
    Writer writer = new Writer().map(6);
    writer.text("kind").text("manual");
    writer.text("op").text("cut");
    writer.text("by").text("bench");
    writer.text("level").whole(1 + seq % 4);
    writer.text("seq").whole(seq);
    writer.text("time_ns").whole(seq);
    return writer.bytes();
  }

  private static byte[] value(long version) {
    Writer writer = new Writer().map(3);
    writer.text("version").whole(version);
    writer.text("op").text("0123456789abcdef0123456789abcdef");
    writer.text("rest").text("x".repeat(VALUE_BYTES));
    return writer.bytes();
  }
}
