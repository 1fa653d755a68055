package dolphin.jet.leverage;

import java.io.IOException;
import org.msgpack.core.MessageBufferPacker;

/** The entry of an account in {@code LEVERAGE}: the last decision under a manual cut, as bytes. */
final class AccountEntry implements GateRule<AccountRule.State> {

  @Override
  public AccountRule.State first(String key) {
    return AccountRule.State.first(key);
  }

  @Override
  public Outcome<AccountRule.State> apply(AccountRule.State state, Fields signal) {
    return AccountRule.apply(state, signal);
  }

  @Override
  public Command command(AccountRule.State state, long fromCapPpm) {
    return state.command(fromCapPpm);
  }

  @Override
  public long capPpm(AccountRule.State state) {
    return state.capPpm();
  }

  @Override
  public Object durable(AccountRule.State state) {
    return state.manual();
  }

  @Override
  public AccountRule.State restored(AccountRule.State state) {
    return state.restored();
  }

  @Override
  public AccountRule.State read(Command command, Stored rule) {
    return new AccountRule.State(
        Stamp.of(command),
        command.capPpm(),
        new AccountRule.Decision(
            rule.whole("source_epoch"),
            rule.whole("source_seq"),
            command.posture(),
            rule.whole("granted_ppm"),
            command.totalPpm(),
            command.factorsPpm(),
            command.isPassiveOnly(),
            rule.texts("reasons"),
            command.causeIds()),
        ManualCut.read(rule));
  }

  @Override
  public void pack(MessageBufferPacker packer, AccountRule.State state) throws IOException {
    packer.packMapHeader(5);
    packer.packString("granted_ppm").packLong(state.decision().capPpm());
    packer.packString("source_epoch").packLong(state.decision().epoch());
    packer.packString("source_seq").packLong(state.decision().seq());
    Pack.manual(packer, state.manual());
    Pack.texts(packer, "reasons", state.decision().reasons());
  }
}
