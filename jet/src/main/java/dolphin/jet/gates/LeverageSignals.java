package dolphin.jet.gates;

import com.hazelcast.map.EntryProcessor;
import dolphin.jet.wire.PayloadProcessor;

/** What a pipeline names "leverage": the signal of a row goes in, the command comes out. */
public final class LeverageSignals implements PayloadProcessor {

  @Override
  public EntryProcessor<String, byte[], byte[]> create(byte[] payload) {
    return new ApplyLeverage(payload);
  }

  @Override
  public byte[] publishable(byte[] answer) {
    return GateEntry.command(answer);
  }
}
