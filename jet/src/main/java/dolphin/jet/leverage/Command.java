package dolphin.jet.leverage;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
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

  /** CRC-32 over every field that decides, in the order of the contract. */
  long checksum() {
    String text =
        String.join(
            "|",
            account,
            asset,
            Long.toString(epoch),
            Long.toString(seq),
            posture.name(),
            Long.toString(capPpm),
            Long.toString(totalPpm),
            factorsPpm.stream().map(String::valueOf).collect(Collectors.joining(",")),
            isPassiveOnly ? "1" : "0",
            String.join(",", reasons),
            String.join(",", causeIds),
            Long.toString(issuedAtNs),
            Long.toString(expiresAtNs));
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return crc.getValue();
  }
}
