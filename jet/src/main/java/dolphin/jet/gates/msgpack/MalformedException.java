package dolphin.jet.gates.msgpack;

/** Bytes that are not the MessagePack that was asked for. */
public final class MalformedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  MalformedException(String what) {
    super(what);
  }
}
