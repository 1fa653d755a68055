package dolphin.jet.gates;

import java.util.OptionalLong;

/**
 * The place of a signal among those of its sender, and its market time: {@code (epoch, seq)} grows,
 * and a sender that starts anew has a larger epoch.
 */
record Ordered(long epoch, long seq, long timeNs) {

  /** The place of {@code signal}, whose market time is called {@code time}; null if it has none. */
  static Ordered read(Fields signal, String time) {
    OptionalLong epoch = signal.whole("epoch", 0, Ppm.MAX_NS);
    OptionalLong seq = signal.whole("seq", 1, Ppm.MAX_NS);
    OptionalLong timeNs = signal.whole(time, 0, Ppm.MAX_NS);
    return epoch.isEmpty() || seq.isEmpty() || timeNs.isEmpty()
        ? null
        : new Ordered(epoch.getAsLong(), seq.getAsLong(), timeNs.getAsLong());
  }

  boolean isAfter(long otherEpoch, long otherSeq) {
    return epoch > otherEpoch || (epoch == otherEpoch && seq > otherSeq);
  }
}
