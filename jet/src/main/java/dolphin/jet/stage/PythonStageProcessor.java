package dolphin.jet.stage;

import com.hazelcast.jet.core.AbstractProcessor;

/** Runs one Python worker. */
final class PythonStageProcessor extends AbstractProcessor {

  PythonStageProcessor(StageSpec spec) {}
}
