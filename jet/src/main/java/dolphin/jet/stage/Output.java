package dolphin.jet.stage;

import java.io.Serializable;
import java.util.List;

/**
 * What a stage puts on one of its outgoing edges. The worker does all encoding; Java routes.
 *
 * <p>Outputs are listed in the {@link StageSpec} by edge ordinal. Equal outputs are encoded once.
 */
public sealed interface Output extends Serializable {

  /** Each result batch as one {@link dolphin.jet.wire.Batch}, keyed as the input was. */
  static Output batches() {
    return new Batches();
  }

  /**
   * Each result batch split by a column into key groups, for an edge that feeds a stage keyed by
   * that column: group {@code crc32(utf8(value)) % keyGroups}, written in decimal, is the key.
   */
  static Output split(String column, int keyGroups) {
    return new Split(column, keyGroups);
  }

  /**
   * Each row as a {@link dolphin.jet.wire.Row}: key from the template, value a msgpack map of all
   * columns.
   *
   * @param keyTemplate literal text with column names in braces: {@code "{account}/{asset}"}
   */
  static Output rows(String keyTemplate) {
    return new Rows(keyTemplate, null, List.of(), false);
  }

  /** See {@link #batches()}. */
  record Batches() implements Output {}

  /** See {@link #split}. */
  record Split(String column, int keyGroups) implements Output {
    public Split {
      if (column.isEmpty()) {
        throw new IllegalArgumentException("column: empty. Name the column to split by");
      }
      if (keyGroups < 1 || keyGroups > MAX_KEY_GROUPS) {
        throw new IllegalArgumentException(
            "keyGroups = " + keyGroups + ": must be 1 to " + MAX_KEY_GROUPS);
      }
    }
  }

  /**
   * Rows for a map or an entry processor.
   *
   * @param keyTemplate literal text with column names in braces
   * @param valueColumn binary column taken as the value as it is, or null for a msgpack map
   * @param columns columns that go into the msgpack map, in this order; empty means all
   * @param lastRowOnly only the last row of each batch, for a map entry that describes the whole
   *     batch
   */
  record Rows(String keyTemplate, String valueColumn, List<String> columns, boolean lastRowOnly)
      implements Output {
    public Rows {
      columns = List.copyOf(columns);
      if (keyTemplate.isEmpty()) {
        throw new IllegalArgumentException("keyTemplate: empty. Write one such as \"{asset}\"");
      }
      if (valueColumn != null && !columns.isEmpty()) {
        throw new IllegalArgumentException(
            "columns = " + columns + ": a value column stands alone. Leave columns empty");
      }
    }
  }

  /** Bound on key groups, that of Hazelcast's default partition count times ten. */
  int MAX_KEY_GROUPS = 2710;
}
