package dolphin.jet.gates.store;

import com.hazelcast.core.HazelcastException;

/** A gate could not be stored or read, or may not be acted on; its entry stays as it was. */
public class GateStoreException extends HazelcastException {

  private static final long serialVersionUID = 1L;

  GateStoreException(String what, Throwable cause) {
    super(what, cause);
  }
}
