package dolphin.jet.stage;

import com.hazelcast.jet.JetException;
import java.io.File;
import java.util.List;
import java.util.stream.Collectors;

/** What a worker is started with: the command, its environment and its CONFIG frame. */
final class WorkerConfig {

  /** The member's default interpreter, a path. */
  static final String INTERPRETER_PROPERTY = "dolphin.python";

  /**
   * The member's default Python path, as in {@code PYTHONPATH}; must lead to the package dolphin.
   */
  static final String PYTHON_PATH_PROPERTY = "dolphin.pythonpath";

  /** Room for the fields of a frame beside what is counted as the batch. */
  private static final long FIELD_BYTES = 1 << 20;

  private static final String GUARDIAN_MODULE = "dolphin.stage.guardian";

  private WorkerConfig() {}

  /** A process builder for a worker that is to connect to {@code socketPath}. */
  static ProcessBuilder command(StageSpec spec, String title, String socketPath) {
    ProcessBuilder builder =
        new ProcessBuilder(interpreter(spec), "-m", GUARDIAN_MODULE, socketPath, title);
    String path =
        spec.pythonPath().isEmpty()
            ? System.getProperty(PYTHON_PATH_PROPERTY, "")
            : String.join(File.pathSeparator, spec.pythonPath());
    if (!path.isEmpty()) {
      builder.environment().put("PYTHONPATH", path);
    }
    return builder.redirectErrorStream(true);
  }

  private static String interpreter(StageSpec spec) {
    if (spec.interpreter() != null) {
      return spec.interpreter();
    }
    String byMember = System.getProperty(INTERPRETER_PROPERTY);
    if (byMember == null) {
      throw new JetException(
          "interpreter = null: the stage "
              + spec.name()
              + " names none and the member has no default. Start the member with -D"
              + INTERPRETER_PROPERTY
              + "=/path/to/python");
    }
    return byMember;
  }

  /** The JSON of the CONFIG frame; {@code dolphin/stage/worker.py} reads it. */
  static String json(StageSpec spec) {
    return "{\"stage\":%s,\"function\":%s,\"params\":%s,\"keyed\":%s,\"max_frame_bytes\":%d,\"max_memory_bytes\":%d,\"outputs\":[%s]}"
        .formatted(
            quote(spec.name()),
            quote(spec.function()),
            spec.paramsJson(),
            spec.keyed(),
            spec.maxBatchBytes() + FIELD_BYTES,
            spec.maxMemoryBytes(),
            spec.outputs().stream().map(WorkerConfig::json).collect(Collectors.joining(",")));
  }

  private static String json(Output output) {
    if (output instanceof Output.Split split) {
      return "{\"kind\":\"split\",\"column\":%s,\"key_groups\":%d}"
          .formatted(quote(split.column()), split.keyGroups());
    }
    if (output instanceof Output.Rows rows) {
      return "{\"kind\":\"rows\",\"key_template\":%s,\"value_column\":%s,\"columns\":%s,\"last_row_only\":%s}"
          .formatted(
              quote(rows.keyTemplate()),
              rows.valueColumn() == null ? "null" : quote(rows.valueColumn()),
              list(rows.columns()),
              rows.lastRowOnly());
    }
    return "{\"kind\":\"batches\"}";
  }

  private static String list(List<String> names) {
    return names.stream().map(WorkerConfig::quote).collect(Collectors.joining(",", "[", "]"));
  }

  private static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
