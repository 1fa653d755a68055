package dolphin.jet.member;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.config.TcpIpConfig;
import com.hazelcast.core.HazelcastInstance;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * That all members of a cluster decide by one law: each carries the hash of its own as an
 * attribute, and looks at those of the others before it joins them.
 *
 * <p>Two that start at the same moment see nobody, and join; so who has joined looks once more.
 */
final class SameLaw {

  /** The attribute of a member. */
  static final String ATTRIBUTE = "dolphin.law";

  private static final int CONNECTING_MS = (int) TimeUnit.SECONDS.toMillis(2);
  private static final Pattern BETWEEN = Pattern.compile("[,;\\s]+");

  private final String law;

  SameLaw(String law) {
    this.law = law;
  }

  /** Has {@code config} say by what law its member decides. */
  void tellIn(Config config) {
    config.getMemberAttributeConfig().setAttribute(ATTRIBUTE, law);
  }

  /** What keeps a member from joining those that {@code config} names; empty if nothing does. */
  Optional<String> obstacle(Config config) {
    TcpIpConfig others = config.getNetworkConfig().getJoin().getTcpIpConfig();
    List<String> addresses =
        others.getMembers().stream()
            .flatMap(BETWEEN::splitAsStream)
            .filter(each -> !each.isBlank())
            .toList();
    if (!others.isEnabled() || addresses.isEmpty()) {
      return Optional.empty();
    }
    HazelcastInstance client;
    try {
      client = HazelcastClient.newHazelcastClient(asking(config.getClusterName(), addresses));
    } catch (IllegalStateException e) { // nobody is there yet
      return Optional.empty();
    }
    try {
      return obstacle(client.getCluster().getMembers());
    } finally {
      client.shutdown();
    }
  }

  /** What is wrong with the company that {@code member} is in. */
  Optional<String> obstacle(HazelcastInstance member) {
    return obstacle(member.getCluster().getMembers());
  }

  private Optional<String> obstacle(Collection<Member> members) {
    return members.stream()
        .filter(each -> !law.equals(each.getAttribute(ATTRIBUTE)))
        .findFirst()
        .map(
            each ->
                "the member at %s:%d decides by another law (%s, this one by %s). Start all members of a cluster with one release and one law.toml"
                    .formatted(
                        each.getAddress().getHost(),
                        each.getAddress().getPort(),
                        each.getAttribute(ATTRIBUTE),
                        law));
  }

  private static ClientConfig asking(String clusterName, List<String> addresses) {
    ClientConfig client = new ClientConfig().setClusterName(clusterName);
    client.getNetworkConfig().setAddresses(addresses).setConnectionTimeout(CONNECTING_MS);
    client
        .getConnectionStrategyConfig()
        .getConnectionRetryConfig()
        .setClusterConnectTimeoutMillis(0);
    return client;
  }
}
