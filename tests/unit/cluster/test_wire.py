"""What Python writes is what Java reads, byte for byte."""

import pyarrow as pa
import pytest
from hazelcast.config import Config
from hazelcast.serialization.service import SerializationServiceV1

from dolphin.cluster.wire import FACTORIES, ApplyLeverage, ApplyPosture, Batch, JobCommand


@pytest.fixture
def serialization() -> SerializationServiceV1:
    config = Config()
    config.data_serializable_factories = FACTORIES
    return SerializationServiceV1(config)


def test_a_batch_has_the_layout_of_the_contract(serialization: SerializationServiceV1) -> None:
    data = serialization.to_data(Batch("ß", -2, b"\x00\xff"))
    assert data is not None
    identified_by = bytes([1]) + (7100).to_bytes(4) + (1).to_bytes(4)
    key = (2).to_bytes(4) + "ß".encode()
    time_ns = (-2).to_bytes(8, signed=True)
    arrow = (2).to_bytes(4) + b"\x00\xff"
    assert bytes(data.buffer).endswith(identified_by + key + time_ns + arrow)


def test_batches_come_back_as_they_were(serialization: SerializationServiceV1) -> None:
    batch = serialization.to_object(serialization.to_data(Batch("7", 2**62, b"\x80abc")))
    assert batch is not None
    assert (batch.key, batch.time_ns, batch.arrow) == ("7", 2**62, b"\x80abc")


@pytest.mark.parametrize(
    ("sent", "factory_id", "class_id", "attribute"),
    [
        (ApplyLeverage(b"\x81\xa1a\x01"), 7101, 10, "payload"),
        (ApplyPosture(b"\x81\xa1a\x02"), 7101, 12, "payload"),
        (JobCommand('{"verb": "list"}'), 7102, 20, "request"),
    ],
)
def test_requests_have_the_ids_of_the_contract_and_come_back_as_they_were(
    serialization: SerializationServiceV1, sent: object, factory_id: int, class_id: int, attribute: str
) -> None:
    data = serialization.to_data(sent)
    assert data is not None
    assert bytes([1]) + factory_id.to_bytes(4) + class_id.to_bytes(4) in bytes(data.buffer)
    received = serialization.to_object(data)
    assert type(received) is type(sent)
    assert getattr(received, attribute) == getattr(sent, attribute)


def test_records_keep_rows_and_metadata() -> None:
    schema = pa.schema([("asset", pa.utf8())], metadata={"shard": "0"})
    records = pa.record_batch({"asset": ["BTCUSDT", None]}, schema=schema)
    again = Batch.of("0", 5, records).records()
    assert again.equals(records, check_metadata=True)
