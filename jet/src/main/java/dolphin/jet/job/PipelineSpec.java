package dolphin.jet.job;

import com.hazelcast.internal.json.Json;
import com.hazelcast.internal.json.JsonObject;
import com.hazelcast.internal.json.JsonValue;
import com.hazelcast.internal.json.ParseException;
import java.util.ArrayList;
import java.util.List;

/**
 * A pipeline as its description says it: vertices that each name the one they read from.
 *
 * <p>The description is the JSON that {@code dolphin.pipeline} writes. It has been validated there,
 * where an error can point at a line; here a fault is an {@link IllegalArgumentException} that
 * names the vertex.
 *
 * @param snapshotIntervalMs how often the job takes an exactly-once snapshot
 */
record PipelineSpec(String name, long snapshotIntervalMs, List<Node> nodes) {

  /** One vertex of the graph; {@code from} is null for a source. */
  record Node(String name, String kind, String from, JsonObject settings) {

    String text(String setting) {
      JsonValue value = settings.get(setting);
      if (value == null || !value.isString()) {
        throw new IllegalArgumentException("vertex '" + name + "' lacks the text " + setting);
      }
      return value.asString();
    }

    List<String> texts(String setting) {
      JsonValue value = settings.get(setting);
      if (value == null || !value.isArray()) {
        throw new IllegalArgumentException("vertex '" + name + "' lacks the list " + setting);
      }
      return texts(value);
    }

    static List<String> texts(JsonValue array) {
      List<String> texts = new ArrayList<>();
      array.asArray().forEach(element -> texts.add(element.asString()));
      return texts;
    }

    /** How the items of {@code from} arrive here. */
    JsonObject receives() {
      JsonValue value = settings.get("receives");
      if (value == null || !value.isObject()) {
        throw new IllegalArgumentException("vertex '" + name + "' lacks the object receives");
      }
      return value.asObject();
    }
  }

  static PipelineSpec parse(String json) {
    JsonObject root;
    try {
      root = Json.parse(json).asObject();
    } catch (ParseException | UnsupportedOperationException e) {
      throw new IllegalArgumentException("not a pipeline description: " + e.getMessage(), e);
    }
    List<Node> nodes = new ArrayList<>();
    JsonValue vertices = root.get("vertices");
    if (vertices == null || root.getString("name", "").isEmpty()) {
      throw new IllegalArgumentException("a pipeline description has a name and vertices");
    }
    for (JsonValue vertex : vertices.asArray()) {
      JsonObject settings = vertex.asObject();
      nodes.add(
          new Node(
              settings.getString("name", ""),
              settings.getString("kind", ""),
              settings.getString("from", null),
              settings));
    }
    return new PipelineSpec(
        root.getString("name", ""), root.getLong("snapshot_interval_ms", 10_000), nodes);
  }

  /** The vertices that read from {@code name}, in the order of the description. */
  List<Node> readersOf(String name) {
    return nodes.stream().filter(node -> name.equals(node.from())).toList();
  }
}
