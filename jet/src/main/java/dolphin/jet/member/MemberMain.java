package dolphin.jet.member;

import com.hazelcast.config.Config;
import com.hazelcast.config.InterfacesConfig;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.config.YamlConfigBuilder;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.util.AddressUtil;
import com.hazelcast.map.IMap;
import dolphin.jet.gates.Law;
import dolphin.jet.gates.store.GateStore;
import dolphin.jet.health.Heartbeat;
import java.io.File;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A cluster member as a process of its own.
 *
 * <p>{@code MemberMain CONFIG.yaml} prints one JSON line, {@code {"ready": true, "address":
 * "127.0.0.1:5701", "pid": ..., "law": ...}}, once it is up, and ends cleanly on SIGTERM. What
 * keeps it from starting is one line on standard error and exit status 2.
 */
public final class MemberMain {

  private static final int BAD_INPUT = 2;
  private static final String PROGRESS = "DOLPHIN_PROGRESS";

  private MemberMain() {}

  public static void main(String[] arguments) {
    try {
      run(arguments);
    } catch (CannotStart e) {
      System.err.println("dolphin member: " + e.getMessage());
      System.exit(BAD_INPUT);
    }
  }

  private static void run(String[] arguments) {
    if (arguments.length != 1) {
      throw new CannotStart("usage: MemberMain CONFIG.yaml");
    }
    Config config = read(arguments[0]);
    requirePortFree(config.getNetworkConfig());
    String law = requireLaw();
    requireGatesKept(config);
    SameLaw same = new SameLaw(law);
    same.tellIn(config);
    refuseFor(same.obstacle(config));
    HazelcastInstance member = start(config);
    Optional<String> company = same.obstacle(member);
    company.ifPresent(why -> member.shutdown());
    refuseFor(company);
    InetSocketAddress address = member.getCluster().getLocalMember().getSocketAddress();
    System.out.println(
        new JsonObject()
            .add("ready", true)
            .add("address", address.getAddress().getHostAddress() + ":" + address.getPort())
            .add("pid", ProcessHandle.current().pid())
            .add("law", law));
    System.out.flush();
    beat(member, address);
  }

  /** In a thread that serves nothing else, so that it stops only with all. */
  private static void beat(HazelcastInstance member, InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    Heartbeat heartbeat = new Heartbeat(member, "member/" + host + ":" + address.getPort());
    Thread thread =
        new Thread(
            () -> {
              while (member.getLifecycleService().isRunning()) {
                beat(heartbeat, member.getMap(PROGRESS));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(Heartbeat.EVERY_MS));
              }
            },
            "dolphin-heartbeat");
    thread.setDaemon(true);
    thread.start();
  }

  private static void beat(Heartbeat heartbeat, IMap<String, Long> progress) {
    try {
      long reachedNs = progress.values().stream().mapToLong(Long::longValue).max().orElse(0);
      heartbeat.turn(reachedNs, System.currentTimeMillis());
    } catch (RuntimeException e) {
      // it is busy with itself, and what it cannot do it does not prove
    }
  }

  private static Config read(String path) {
    if (!new File(path).canRead()) {
      throw new CannotStart("the configuration " + path + " cannot be read");
    }
    try {
      return new YamlConfigBuilder(path).build();
    } catch (IOException | RuntimeException e) {
      throw new CannotStart("the configuration " + path + " is not usable: " + firstLine(e));
    }
  }

  /** Hazelcast's own messages about a taken port and a missing interface are a page long. */
  private static void requirePortFree(NetworkConfig network) {
    InetAddress bound = boundTo(network.getInterfaces());
    int port = network.getPort();
    if (port == 0 || network.isPortAutoIncrement()) {
      return;
    }
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(bound, port));
    } catch (IOException e) {
      throw new CannotStart(
          "port %d is in use on %s. Stop what listens there, or choose another port"
              .formatted(port, bound.getHostAddress()));
    }
  }

  /** The address of this machine that the member will listen on. */
  private static InetAddress boundTo(InterfacesConfig wanted) {
    if (!wanted.isEnabled()) {
      return new InetSocketAddress(0).getAddress();
    }
    List<InetAddress> present = addresses();
    return present.stream()
        .filter(
            each -> AddressUtil.matchAnyInterface(each.getHostAddress(), wanted.getInterfaces()))
        .findFirst()
        .orElseThrow(
            () ->
                new CannotStart(
                    "this machine has no network interface %s. It has: %s"
                        .formatted(
                            String.join(", ", wanted.getInterfaces()),
                            present.stream()
                                .map(InetAddress::getHostAddress)
                                .collect(Collectors.joining(", ")))));
  }

  private static List<InetAddress> addresses() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(Inet4Address.class::isInstance)
          .toList();
    } catch (SocketException e) {
      throw new CannotStart("the network interfaces cannot be listed: " + e.getMessage());
    }
  }

  /** The hash of the law. Before it joins: a member must not decide by one that is not whole. */
  private static String requireLaw() {
    try {
      return Law.packagedDigest();
    } catch (IllegalArgumentException e) {
      throw new CannotStart(firstLine(e));
    }
  }

  /** Before it joins: a member that cannot keep a gate must not become the owner of one. */
  private static void requireGatesKept(Config config) {
    try {
      GateStore.requireUsable(config);
    } catch (RuntimeException e) {
      throw new CannotStart(firstLine(e));
    }
  }

  private static void refuseFor(Optional<String> obstacle) {
    obstacle.ifPresent(
        why -> {
          throw new CannotStart(why);
        });
  }

  private static HazelcastInstance start(Config config) {
    try {
      HazelcastInstance member = Hazelcast.newHazelcastInstance(config);
      GateStore.loadGates(member);
      return member;
    } catch (RuntimeException e) {
      throw new CannotStart("the member does not start: " + firstLine(e));
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
  }

  /** What a person has to change before a member can start. */
  private static final class CannotStart extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CannotStart(String reason) {
      super(reason);
    }
  }
}
