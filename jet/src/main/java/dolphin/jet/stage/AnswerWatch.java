package dolphin.jet.stage;

import dolphin.jet.wire.Waker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Wakes Jet threads that went to sleep while a worker owed them an answer.
 *
 * <p>Jet threads read their sockets themselves. One thread of this class waits for all workers of
 * the process, and only for those whose socket has been {@linkplain Watched#arm armed}: it wakes
 * the Jet thread once and then looks away until it is armed again. So an answer that comes while
 * its Jet thread is awake costs no switch of threads.
 */
final class AnswerWatch implements Runnable {

  private static final int NOTHING = 0;

  /** One worker's socket. */
  static final class Watched {
    private final SelectionKey key;

    private Watched(SelectionKey key) {
      this.key = key;
    }

    /** The next answer, even one that has come already, wakes the Jet thread. Cheap if armed. */
    void arm() {
      try {
        if (key.interestOps() == NOTHING) {
          key.interestOps(SelectionKey.OP_READ);
          key.selector().wakeup();
        }
      } catch (CancelledKeyException closed) {
        // the worker is gone, which its owner hears of in another way
      }
    }

    /** Lets go of the socket, so that the system closes it. */
    void forget() {
      key.cancel();
      key.selector().wakeup();
    }
  }

  private static final class Shared {
    static final AnswerWatch WATCH = start();
  }

  private final Selector selector;

  private AnswerWatch(Selector selector) {
    this.selector = selector;
  }

  private static AnswerWatch start() {
    try {
      AnswerWatch watch = new AnswerWatch(Selector.open());
      Thread thread = new Thread(watch, "dolphin-stage-answers");
      thread.setDaemon(true);
      thread.start();
      return watch;
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** Watches a non-blocking channel, not armed. */
  static Watched register(SocketChannel channel, Waker waker) throws IOException {
    return new Watched(channel.register(Shared.WATCH.selector, NOTHING, waker));
  }

  @Override
  public void run() {
    try {
      while (selector.isOpen()) {
        selector.select(AnswerWatch::wake);
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static void wake(SelectionKey key) {
    try {
      key.interestOps(NOTHING);
    } catch (CancelledKeyException closed) {
      // whoever closed it has been woken
    }
    ((Waker) key.attachment()).wake();
  }
}
