"""The classes that Python and Java name by the same ids (docs/contracts.md): a factory for each Java package that has some.

`bytes` and `dict` would be pickled by the Hazelcast client, which no Java side can read: what crosses is one of these classes, a str, an
int, or msgpack (`dolphin.core.contract.packing`) in a `bytearray`.
"""

from typing import ClassVar, Final, Self

import pyarrow as pa
from hazelcast.serialization.api import IdentifiedDataSerializable, ObjectDataInput, ObjectDataOutput

from dolphin.core.arrow.ipc import decoded, encoded

_WIRE: Final = 7100
_GATES: Final = 7101
_JOB: Final = 7102


class Identified(IdentifiedDataSerializable):
    """What all of them share; a subclass has its `FACTORY_ID` and `CLASS_ID` and writes and reads its fields."""

    FACTORY_ID: ClassVar[int]
    CLASS_ID: ClassVar[int]

    def get_factory_id(self) -> int:
        return self.FACTORY_ID

    def get_class_id(self) -> int:
        return self.CLASS_ID


class Batch(Identified):
    """The one item that flows: an Arrow IPC stream holding one record batch, the key it is partitioned by, and its market time.

    The attributes are not to be changed once the batch has been sent.
    """

    FACTORY_ID = _WIRE
    CLASS_ID = 1

    def __init__(self, key: str = "", time_ns: int = 0, arrow: bytes = b"") -> None:
        self.key = key
        """Shard or key group."""
        self.time_ns = time_ns
        """Market time of the last row."""
        self.arrow = arrow

    @classmethod
    def of(cls, key: str, time_ns: int, records: pa.RecordBatch) -> Self:
        """Encodes `records`, with their schema metadata, as one IPC stream."""
        return cls(key, time_ns, encoded(records))

    def records(self) -> pa.RecordBatch:
        """Decodes the record batch; its columns refer to this object's bytes."""
        return decoded(self.arrow)

    def write_data(self, object_data_output: ObjectDataOutput) -> None:
        object_data_output.write_string(self.key)
        object_data_output.write_long(self.time_ns)
        object_data_output.write_byte_array(bytearray(self.arrow))

    def read_data(self, object_data_input: ObjectDataInput) -> None:
        self.key = object_data_input.read_string()
        self.time_ns = object_data_input.read_long()
        self.arrow = bytes(object_data_input.read_byte_array() or b"")


class _ApplySignal(Identified):
    """An entry processor of a gate map: `payload` is a signal (docs/contracts.md, "Leverage"), the answer says what it did."""

    FACTORY_ID = _GATES

    def __init__(self, payload: bytes = b"") -> None:
        self.payload = payload

    def write_data(self, object_data_output: ObjectDataOutput) -> None:
        object_data_output.write_byte_array(bytearray(self.payload))

    def read_data(self, object_data_input: ObjectDataInput) -> None:
        self.payload = bytes(object_data_input.read_byte_array() or b"")


class ApplyLeverage(_ApplySignal):
    """The entry processor on `LEVERAGE`."""

    CLASS_ID = 10


class ApplyPosture(_ApplySignal):
    """The entry processor on `POSTURE`."""

    CLASS_ID = 12


class JobCommand(Identified):
    """A request about jobs, run on a member through the executor service: JSON in, JSON out."""

    FACTORY_ID = _JOB
    CLASS_ID = 20

    def __init__(self, request: str = "") -> None:
        self.request = request

    def write_data(self, object_data_output: ObjectDataOutput) -> None:
        object_data_output.write_string(self.request)

    def read_data(self, object_data_input: ObjectDataInput) -> None:
        self.request = object_data_input.read_string()


FACTORIES: Final[dict[int, dict[int, type[IdentifiedDataSerializable]]]] = {
    _WIRE: {Batch.CLASS_ID: Batch},
    _GATES: {kind.CLASS_ID: kind for kind in (ApplyLeverage, ApplyPosture)},
    _JOB: {JobCommand.CLASS_ID: JobCommand},
}
"""For the client's `data_serializable_factories`."""
