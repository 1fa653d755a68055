package dolphin.jet.gates;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The numbers of the control law that the rules in the member decide by.
 *
 * <p>They stand in {@code law.toml}, which Python reads ({@code dolphin.core.law}) and which is in
 * this jar: the same file, so that no number is written twice. What each means and why it is what
 * it is stands there too.
 *
 * <p>The rules hold it as records in static fields, down from {@link GateEntry}: to the compiler of
 * a running member its numbers are constants, as if they were written in the code.
 */
public record Law(Governor governor, Breaker breaker, Ladder ladder) {

  /** The strongest cut; 0 is none. */
  public static final int WORST_LEVEL = 4;

  private static final String RESOURCE = "law.toml";

  /** How R recovers, and for how long a demand is believed. */
  public record Governor(
      long recoveryNsPerPpm, long dwellNs, long seenNs, long leaseMaxNs, long rStepPpm) {}

  /** When a cut begins, what it leaves, and when it ends; the last two lists by level. */
  public record Breaker(
      long holdNs,
      long holdMaxNs,
      long holdStepNs,
      long episodeWindowNs,
      int maxEpisodes,
      long clearPpm,
      int clears,
      int maxSources,
      List<Long> tripsAtPpm,
      List<Long> cutsToPpm) {}

  /**
   * The law in this jar, read anew.
   *
   * @throws IllegalArgumentException with one line that names what is wrong with it
   */
  public static Law packaged() {
    return read(text(RESOURCE));
  }

  /**
   * The hash of the law in this jar, as {@code dolphin.core.law} has it.
   *
   * @throws IllegalArgumentException as {@link #packaged}
   */
  public static String packagedDigest() {
    LawFile file = LawFile.read(text(RESOURCE));
    in(file);
    return file.digest();
  }

  /**
   * The law written in {@code toml}.
   *
   * @throws IllegalArgumentException with one line that names the first number that is missing, or
   *     outside its range, or does not fit another
   */
  static Law read(String toml) {
    return in(LawFile.read(toml));
  }

  private static Law in(LawFile file) {
    Breaker breaker =
        new Breaker(
            file.number("breaker", "hold_ns"),
            file.number("breaker", "hold_max_ns"),
            file.number("breaker", "hold_step_ns"),
            file.number("breaker", "episode_window_ns"),
            (int) file.number("breaker", "max_episodes"),
            file.number("breaker", "clear_ppm"),
            (int) file.number("breaker", "clears"),
            (int) file.number("breaker", "max_sources"),
            file.row("breaker", "trips_at_ppm", WORST_LEVEL),
            file.row("breaker", "cuts_to_ppm", WORST_LEVEL + 1));
    if (breaker.holdMaxNs < breaker.holdNs) {
      throw LawFile.refused("breaker.hold_max_ns", breaker.holdMaxNs, "must not be below hold_ns");
    }
    Governor governor =
        new Governor(
            file.number("governor", "recovery_ns_per_ppm"),
            file.number("governor", "dwell_ns"),
            file.number("governor", "seen_ns"),
            file.number("governor", "lease_max_ns"),
            file.number("governor", "r_step_ppm"));
    Ladder ladder = Ladder.read(file);
    file.check("rising", true);
    file.check("falling", false);
    return new Law(governor, breaker, ladder);
  }

  /** The text of a file that is packaged beside this class. */
  static String text(String resource) {
    try (InputStream file = Law.class.getResourceAsStream(resource)) {
      if (file == null) {
        throw new IllegalArgumentException("the jar lacks " + resource + ". Build it again");
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the jar cannot be read", e);
    }
  }

  /** The cap that a cut of {@code level} leaves. */
  long capAt(int level) {
    return Ppm.mul(ladder.maxLeveragePpm(), breaker.cutsToPpm.get(level));
  }
}
