package dolphin.jet.gates.store;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** What Python refuses, the member refuses, and what one takes the other takes. */
class AddressTest {

  private static List<String> addresses(String kind) throws IOException {
    String text = Files.readString(Path.of("..", "tests", "contract", "addresses.json"));
    List<String> found = new ArrayList<>();
    for (JsonValue value : Json.parse(text).asObject().get(kind).asArray()) {
      found.add(value.asString());
    }
    assertTrue(found.size() > 10);
    return found;
  }

  @Test
  void anAddressWithAPasswordIsRefusedAndNotShown() throws IOException {
    for (String address : addresses("refused")) {
      assertTrue(Address.carriesPassword(address), address);
      Properties properties = new Properties();
      properties.setProperty("url", address);
      IllegalArgumentException told =
          assertThrows(IllegalArgumentException.class, () -> GateSettings.of(properties, Map.of()));
      assertFalse(told.getMessage().contains(address), told.getMessage());
    }
  }

  @Test
  void anAddressWithoutOneIsTaken() throws IOException {
    for (String address : addresses("taken")) {
      assertFalse(Address.carriesPassword(address), address);
    }
  }
}
