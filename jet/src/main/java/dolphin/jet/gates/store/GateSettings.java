package dolphin.jet.gates.store;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MapStoreConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * Where the gates are kept. The url and the user come from the map's configuration; the password
 * only from the environment or from a file that it names, and it is never written anywhere.
 */
record GateSettings(Dialect dialect, String url, String user, String password) {

  static final String PASSWORD = "DOLPHIN_GATES_PASSWORD";
  static final String PASSWORD_FILE = "DOLPHIN_GATES_PASSWORD_FILE";

  private static final Set<PosixFilePermission> OF_OWNER =
      PosixFilePermissions.fromString("rwx------");

  /**
   * Reads {@code url} and {@code user} from {@code properties}.
   *
   * @throws IllegalArgumentException with one line that names what has to be changed
   */
  static GateSettings of(Properties properties, Map<String, String> environment) {
    String url = given(properties, "url");
    if (url.isEmpty()) {
      throw new IllegalArgumentException(
          "no database for the gates is named. Start the member with"
              + " -Ddolphin.gates.url=jdbc:sqlite:FILE or jdbc:postgresql://HOST/DATABASE");
    }
    if (Address.carriesPassword(url)) {
      throw new IllegalArgumentException(
          "dolphin.gates.url carries a password, which every process list shows. Put it into the"
              + " environment as "
              + PASSWORD
              + ", or into a file that "
              + PASSWORD_FILE
              + " names");
    }
    return new GateSettings(Dialect.of(url), url, given(properties, "user"), password(environment));
  }

  /** The settings of the first map of {@code config} that keeps gates; empty if none does. */
  static Optional<GateSettings> of(Config config, Map<String, String> environment) {
    return config.getMapConfigs().values().stream()
        .map(MapConfig::getMapStoreConfig)
        .filter(GateSettings::keepsGates)
        .findFirst()
        .map(store -> of(store.getProperties(), environment));
  }

  static boolean keepsGates(MapStoreConfig store) {
    return store.isEnabled() && GateStore.class.getName().equals(store.getClassName());
  }

  /**
   * Refuses a file of one machine as the store of several members.
   *
   * @throws IllegalArgumentException with one line that names what has to be changed
   */
  void requireReachableFromAll(JoinConfig join) {
    boolean isForSeveral =
        join.getTcpIpConfig().isEnabled()
            || join.getMulticastConfig().isEnabled()
            || join.getKubernetesConfig().isEnabled()
            || join.isAutoDetectionEnabled();
    if (dialect == Dialect.SQLITE && isForSeveral) {
      throw new IllegalArgumentException(
          "dolphin.gates.url names an SQLite file, which is for one member, and this configuration"
              + " is for several. Name a PostgreSQL database: jdbc:postgresql://HOST/DATABASE");
    }
  }

  /** Without the password. */
  @Override
  public String toString() {
    return url + (user.isEmpty() ? "" : " as " + user);
  }

  /** A property that was not set on the command line is still the {@code ${...}} of the file. */
  private static String given(Properties properties, String name) {
    String value = properties.getProperty(name, "").strip();
    return value.startsWith("${") ? "" : value;
  }

  private static String password(Map<String, String> environment) {
    String file = environment.getOrDefault(PASSWORD_FILE, "");
    if (file.isEmpty()) {
      return environment.getOrDefault(PASSWORD, "");
    }
    try {
      Path path = Path.of(file);
      requireForOwnerOnly(path);
      return Files.readString(path).strip();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          PASSWORD_FILE + " names " + file + ", which cannot be read. Mend that", e);
    }
  }

  /** A password that others can read, or put there, is none. */
  private static void requireForOwnerOnly(Path file) throws IOException {
    Set<PosixFilePermission> rights = new HashSet<>(Files.getPosixFilePermissions(file));
    rights.removeAll(OF_OWNER);
    if (!rights.isEmpty()) {
      throw new IllegalArgumentException(
          PASSWORD_FILE + " names " + file + ", which is not its owner's alone. chmod 600 " + file);
    }
  }
}
