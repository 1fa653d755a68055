package dolphin.jet.source;

/** Where a job that has no snapshot yet begins to read a log. */
public enum StartAt {
  /** The oldest item that is still there: state is rebuilt from what the log holds. */
  OLDEST,
  /** The next item to be appended after the job has been submitted. */
  NEWEST
}
