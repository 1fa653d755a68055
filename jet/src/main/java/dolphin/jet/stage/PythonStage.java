package dolphin.jet.stage;

import com.hazelcast.jet.core.Edge;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.core.ProcessorSupplier;
import dolphin.jet.wire.Batch;
import dolphin.jet.wire.Row;

/**
 * A Jet vertex that runs a Python function on Arrow record batches in supervised worker processes.
 *
 * <p>Two calls build one:
 *
 * <pre>{@code
 * Vertex features = dag.newVertex(spec.name(), PythonStage.supplier(spec));
 * dag.edge(PythonStage.route(Edge.between(source, features), spec));
 * }</pre>
 *
 * <p>Input items are {@link Batch} or {@link Row}; output items are as the spec's {@link Output} of
 * the edge's ordinal says. A keyed stage keeps one instance of the function per item key and may
 * have any local parallelism (set it on the vertex). A stage that is not keyed runs in exactly one
 * worker in the cluster, keeps one instance and snapshots it under one broadcast key.
 *
 * <p>Watermarks leave in order, after everything before them has been answered and emitted. {@code
 * docs/stage.md} has the function contract and what happens when a function misbehaves.
 */
public final class PythonStage {

  private PythonStage() {}

  /** The vertex's supplier. A stage that is not keyed insists on a local parallelism of one. */
  public static ProcessorMetaSupplier supplier(StageSpec spec) {
    ProcessorSupplier workers = ProcessorSupplier.of(() -> new PythonStageProcessor(spec));
    return spec.keyed()
        ? ProcessorMetaSupplier.of(workers)
        : ProcessorMetaSupplier.forceTotalParallelismOne(workers, spec.name());
  }

  /**
   * Routes an edge into the stage: by item key if it is keyed (so that state in a snapshot, kept
   * under the same key, comes back to the processor that gets the key's items), else all to the one
   * worker.
   */
  public static Edge route(Edge edge, StageSpec spec) {
    return spec.keyed()
        ? edge.distributed().partitioned(PythonStage::keyOf)
        : edge.distributed().allToOne(spec.name());
  }

  /** The key of an item that a stage accepts. */
  static String keyOf(Object item) {
    if (item instanceof Batch batch) {
      return batch.key();
    }
    if (item instanceof Row row) {
      return row.key();
    }
    throw new IllegalArgumentException(notAnItem(item));
  }

  static String notAnItem(Object item) {
    return "a Python stage takes Batch or Row items, not " + item.getClass().getName();
  }
}
