package dolphin.jet.sink;

import dolphin.jet.wire.Batch;
import java.io.Serializable;

/** A name in which {@code {key}} stands for the key of a batch, such as {@code market.{key}}. */
record KeyTemplate(String text) implements Serializable {

  String of(Batch batch) {
    return text.replace("{key}", batch.key());
  }
}
