package dolphin.jet.gates;

import com.hazelcast.map.EntryProcessor;
import dolphin.jet.wire.PayloadProcessor;

/** What a pipeline names "posture": a demand goes in, the account's survival signal comes out. */
public final class PostureSignals implements PayloadProcessor {

  @Override
  public EntryProcessor<String, byte[], byte[]> create(byte[] payload) {
    return new ApplyPosture(payload);
  }

  @Override
  public byte[] publishable(byte[] answer) {
    return GateEntry.survivalSignal(answer);
  }
}
