package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;

/** The leverage command of {@code docs/contracts.md}: absolute state with a lease. */
record Command(
    String account,
    String asset,
    long epoch,
    long seq,
    Posture posture,
    long capPpm,
    long totalPpm,
    List<Long> factorsPpm,
    boolean isPassiveOnly,
    List<String> reasons,
    List<String> causeIds,
    long issuedAtNs,
    long expiresAtNs,
    long fromCapPpm) {

  /** Fields of the message, the checksum included. */
  static final int FIELDS = 15;

  /** The command in a stored map; throws {@link DamagedException} if it is none. */
  static Command read(Stored fields) {
    Command command = unchecked(fields);
    if (fields.whole("checksum") != command.checksum()) {
      throw new DamagedException("checksum mismatch");
    }
    return command;
  }

  /** The command in a map whose checksum is not looked at. */
  static Command unchecked(Stored fields) {
    return new Command(
        fields.text("account"),
        fields.text("asset"),
        fields.whole("epoch"),
        fields.whole("seq"),
        fields.posture("posture"),
        fields.whole("cap_ppm"),
        fields.whole("r_total_ppm"),
        fields.wholes("factors_ppm"),
        fields.claim("passive_only"),
        fields.texts("reasons"),
        fields.texts("cause_ids"),
        fields.whole("issued_at_ns"),
        fields.whole("expires_at_ns"),
        fields.whole("from_cap_ppm"));
  }

  /** The {@link #FIELDS} entries of the message, without the header of a map. */
  byte[] fields() {
    return new Writer()
        .text("account")
        .text(account)
        .text("asset")
        .text(asset)
        .text("epoch")
        .whole(epoch)
        .text("seq")
        .whole(seq)
        .text("posture")
        .text(posture.name())
        .text("cap_ppm")
        .whole(capPpm)
        .text("r_total_ppm")
        .whole(totalPpm)
        .text("factors_ppm")
        .wholes(factorsPpm)
        .text("passive_only")
        .claim(isPassiveOnly)
        .text("reasons")
        .texts(reasons)
        .text("cause_ids")
        .texts(causeIds)
        .text("issued_at_ns")
        .whole(issuedAtNs)
        .text("expires_at_ns")
        .whole(expiresAtNs)
        .text("from_cap_ppm")
        .whole(fromCapPpm)
        .text("checksum")
        .whole(checksum())
        .bytes();
  }

  /** CRC-32 over every field that decides, in the order of the contract. */
  long checksum() {
    StringBuilder text = new StringBuilder(256);
    text.append(account).append('|').append(asset).append('|');
    text.append(epoch).append('|').append(seq).append('|');
    text.append(posture.name()).append('|').append(capPpm).append('|').append(totalPpm);
    appendAll(text.append('|'), factorsPpm);
    text.append('|').append(isPassiveOnly ? "1" : "0");
    appendAll(text.append('|'), reasons);
    appendAll(text.append('|'), causeIds);
    text.append('|').append(issuedAtNs).append('|').append(expiresAtNs);
    CRC32 crc = new CRC32();
    crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
    return crc.getValue();
  }

  private static void appendAll(StringBuilder text, List<?> values) {
    for (int index = 0; index < values.size(); index++) {
      text.append(index == 0 ? "" : ",").append(values.get(index));
    }
  }
}
