package dolphin.jet.gates.store;

/**
 * The database holds another revision than the one this write is made from: the member's copy is
 * stale or diverged. The caller evicts the key and decides again from what the database holds.
 */
public final class StaleGateException extends GateStoreException {

  private static final long serialVersionUID = 1L;

  StaleGateException(String map, String key, Revision offered, Revision stored) {
    super(
        "stale copy of "
            + map
            + "["
            + key
            + "]: it would make "
            + offered
            + ", the database holds "
            + (stored == null ? "nothing" : stored),
        null);
  }
}
