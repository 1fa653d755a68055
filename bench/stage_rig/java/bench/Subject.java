package bench;

/** What is measured: something that messages are sent through, one answer each, in order. */
interface Subject extends AutoCloseable {

  /** Makes a message of the bytes of a payload file. */
  Object message(byte[] payload);

  /**
   * Starts the path that messages of {@code traffic} take; the first may be sent at once.
   *
   * @param function name of the Python function, or null for the same path without one
   */
  void start(Traffic traffic, String function) throws Exception;

  /** Ends what {@link #start} started. */
  void stop() throws Exception;
}
