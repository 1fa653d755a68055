package dolphin.jet.gates.store;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether a database's address has a password in it. Process lists, files and errors show
 * addresses, so such a one is refused.
 *
 * <p>The rule is the same as Python's ({@code dolphin.core.upkeep.passwords}); tests of both read
 * {@code tests/contract/addresses.json}. It errs on the side of refusing.
 */
final class Address {

  /** Of percent-encoding that are looked through; a text with more is taken to hide something. */
  private static final int LAYERS = 5;

  private static final int HEX = 16;

  private static final Pattern NAMED =
      Pattern.compile(
          "(?:pass|pw|secret|token|api[_-]?key|(?<![a-z])(?:auth|cred))\\w*\\s*=",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern ENCODED = Pattern.compile("%([0-7][0-9A-Fa-f])");
  private static final Pattern HOSTS =
      Pattern.compile(
          "(?:\\[[^\\]]*\\]|[^:,\\[\\]]*)(?::\\d*)?(?:,(?:\\[[^\\]]*\\]|[^:,\\[\\]]*)(?::\\d*)?)*");
  private static final Pattern FILE =
      Pattern.compile("(?:jdbc:)?sqlite:", Pattern.CASE_INSENSITIVE);

  private Address() {}

  /** Whether it has one, percent-encoded or not. */
  static boolean carriesPassword(String address) {
    String text = address;
    for (int layer = 0; layer < LAYERS; layer++) {
      if (NAMED.matcher(text).find() || hasUserAndPassword(text)) {
        return true;
      }
      String decoded =
          ENCODED
              .matcher(text)
              .replaceAll(
                  match ->
                      Matcher.quoteReplacement(
                          Character.toString(Integer.parseInt(match.group(1), HEX))));
      if (decoded.equals(text)) {
        return false;
      }
      text = decoded;
    }
    return true;
  }

  /**
   * {@code //user:password@host}, also without {@code //}, and where the password has characters
   * that it should not have.
   */
  private static boolean hasUserAndPassword(String text) {
    if (FILE.matcher(text).lookingAt()) {
      return false;
    }
    int slashes = text.indexOf("//");
    String rest = slashes < 0 ? text : text.substring(slashes + 2);
    int mark = rest.indexOf('?');
    String place = mark < 0 ? rest : rest.substring(0, mark);
    int at = place.lastIndexOf('@');
    if (at >= 0) {
      return place.lastIndexOf(':', at) >= 0;
    }
    String query = mark < 0 ? "" : rest.substring(mark + 1);
    int atInQuery = query.indexOf('@');
    int path = place.indexOf('/');
    boolean isHosts = HOSTS.matcher(path < 0 ? place : place.substring(0, path)).matches();
    return atInQuery >= 0 && !(isHosts && query.lastIndexOf('=', atInQuery) >= 0);
  }
}
