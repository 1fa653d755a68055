package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** An operator's cut in force, level 0 for none; see {@code dolphin.core.control.manual_cut}. */
record ManualCut(int level, long seq, String note) {

  static final ManualCut NONE = new ManualCut(0, 0, "");

  /** The cut after a signal and its market time, or why the signal is refused. */
  record Applied(ManualCut cut, long timeNs, String refusal) {}

  /** The cut in a stored rule. */
  static ManualCut read(Stored rule) {
    List<?> row = rule.row("manual", 3);
    return new ManualCut(
        level(Stored.whole(row.get(0))), Stored.whole(row.get(1)), Stored.text(row.get(2)));
  }

  void write(Writer writer) {
    writer.text("manual").list(3).whole(level).whole(seq).text(note);
  }

  /** A stored level; throws {@link DamagedException} if there is no such level. */
  static int level(long value) {
    if (value > Law.WORST_LEVEL) {
      throw new DamagedException("level");
    }
    return (int) value;
  }

  Applied apply(Fields signal) {
    OptionalLong seqGiven = signal.whole("seq", 1, Ppm.MAX_NS);
    OptionalLong timeNs = signal.whole("time_ns", 0, Ppm.MAX_NS);
    String by = signal.text("by");
    String op = signal.text("op");
    boolean isRelease = op.equals("release");
    if (seqGiven.isEmpty()
        || timeNs.isEmpty()
        || by.isEmpty()
        || !(isRelease || op.equals("cut"))) {
      return new Applied(this, 0, "a manual signal needs op cut or release, by, seq and time_ns");
    }
    if (seqGiven.getAsLong() <= seq) {
      return new Applied(this, 0, "old seq");
    }
    if (isRelease) {
      return new Applied(new ManualCut(0, seqGiven.getAsLong(), ""), timeNs.getAsLong(), "");
    }
    int cutLevel = (int) signal.whole("level", 1, Law.WORST_LEVEL).orElse(Law.WORST_LEVEL);
    String cutNote = "cut by " + by + ": " + signal.text("reason");
    return new Applied(
        new ManualCut(cutLevel, seqGiven.getAsLong(), cutNote), timeNs.getAsLong(), "");
  }

  /** {@code reasons} with the operator's before them. */
  List<String> noted(List<String> reasons) {
    if (note.isEmpty()) {
      return reasons;
    }
    List<String> noted = new ArrayList<>();
    noted.add(note);
    noted.addAll(reasons);
    return noted;
  }
}
