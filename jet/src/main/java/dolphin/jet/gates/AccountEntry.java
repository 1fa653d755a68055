package dolphin.jet.gates;

import dolphin.jet.gates.msgpack.Writer;

/** The entry of an account in {@code LEVERAGE}: the last decision under a manual cut, as bytes. */
record AccountEntry(AccountRule account) implements GateRule<AccountRule.State> {

  AccountEntry(Law law) {
    this(new AccountRule(law));
  }

  @Override
  public AccountRule.State first(String key) {
    return AccountRule.State.first(key);
  }

  @Override
  public Outcome<AccountRule.State> apply(AccountRule.State state, Fields signal) {
    return account.apply(state, signal);
  }

  @Override
  public boolean isWhole(AccountRule.State state) {
    return account.isWhole(state);
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
  public void write(Writer writer, AccountRule.State state) {
    writer.map(5);
    writer.text("granted_ppm").whole(state.decision().capPpm());
    writer.text("source_epoch").whole(state.decision().epoch());
    writer.text("source_seq").whole(state.decision().seq());
    state.manual().write(writer);
    writer.text("reasons").texts(state.decision().reasons());
  }
}
