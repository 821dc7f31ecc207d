"""Writes PyTorch's file format without PyTorch: a zip of one pickle and the numbers of each tensor.

The zip has only the three kinds of members that every version of the format has. AUTOMATIC1111 refuses a file with any
other member (`modules/safe.py`, `check_zip_filenames`), and with it every file that PyTorch 2.1 or later writes. This
module reads no pickles.
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from app.embeddings.exporting.stored import Rows

# Opcodes of pickle protocol 2, as `pickletools` lists them.
_PROTO, _STOP, _MARK = b"\x80\x02", b".", b"("
_EMPTY_DICT, _SETITEMS, _TUPLE, _EMPTY_TUPLE = b"}", b"u", b"t", b")"
_TRUE, _FALSE, _NONE, _INT, _TEXT = b"\x88", b"\x89", b"N", b"J", b"X"
_GLOBAL, _REDUCE, _NEWOBJ, _BUILD, _PERSISTENT = b"c", b"R", b"\x81", b"b", b"Q"
_STORAGES: Final = {"float32": "FloatStorage", "int64": "LongStorage"}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # fixed, so that equal rows give equal bytes


@dataclass(frozen=True)
class ParameterDict:
    """A `torch.nn.ParameterDict`, in which the official implementation stores its rows."""

    rows: Mapping[str, Rows]


def write(content: Mapping[str, Any]) -> bytes:
    """The bytes that `torch.load` reads as `content`. It may hold dictionaries, texts, integers and arrays."""
    pickle = _Pickle()
    pickle.put(content)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl", _EPOCH), _PROTO + bytes(pickle.code) + _STOP)
        for number, numbers in enumerate(pickle.storages):
            archive.writestr(zipfile.ZipInfo(f"archive/data/{number}", _EPOCH), numbers)
        archive.writestr(zipfile.ZipInfo("archive/version", _EPOCH), b"3\n")
    return file.getvalue()


@dataclass
class _Pickle:
    """A program for the unpickler, and the numbers of the tensors that it builds."""

    code: bytearray = field(default_factory=bytearray)
    storages: list[bytes] = field(default_factory=list)

    def put(self, value: Any) -> None:
        """Add the code that pushes `value` onto the stack."""
        if isinstance(value, bool):
            self.code += _TRUE if value else _FALSE
        elif value is None:
            self.code += _NONE
        elif isinstance(value, int):
            self.code += _INT + struct.pack("<i", value)
        elif isinstance(value, str):
            text = value.encode()
            self.code += _TEXT + struct.pack("<I", len(text)) + text
        elif isinstance(value, Mapping):
            self._items(_EMPTY_DICT, value)
        elif isinstance(value, tuple):
            self.code += _MARK
            for each in value:
                self.put(each)
            self.code += _TUPLE
        elif isinstance(value, ParameterDict):
            self._parameter_dict(value)
        else:
            self._tensor(np.asarray(value, order="C"))

    def _items(self, empty: bytes, items: Mapping[str, Any]) -> None:
        self.code += empty + _MARK
        for key, value in items.items():
            self.put(key)
            self.put(value)
        self.code += _SETITEMS

    def _class(self, module: str, name: str) -> bytes:
        return _GLOBAL + f"{module}\n{name}\n".encode()

    def _ordered(self) -> bytes:
        return self._class("collections", "OrderedDict") + _EMPTY_TUPLE + _REDUCE

    def _tensor(self, array: Any) -> None:
        """`_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)`."""
        strides = tuple(stride // array.itemsize for stride in array.strides)
        self.code += self._class("torch._utils", "_rebuild_tensor_v2") + _MARK
        self.code += _MARK
        self.put("storage")
        self.code += self._class("torch", _STORAGES[array.dtype.name])
        for part in (str(len(self.storages)), "cpu", array.size):
            self.put(part)
        self.code += _TUPLE + _PERSISTENT
        for whole in (0, array.shape, strides, False):
            self.put(whole)
        self.code += self._ordered() + _TUPLE + _REDUCE
        self.storages.append(array.tobytes())

    def _parameter_dict(self, value: ParameterDict) -> None:
        """Add a module's state, with the attributes that old and new versions of PyTorch read."""
        self.code += self._class("torch.nn.modules.container", "ParameterDict") + _EMPTY_TUPLE + _NEWOBJ
        self.code += _EMPTY_DICT + _MARK
        self.put("_parameters")
        self.code += self._ordered() + _MARK
        for key, rows in value.rows.items():
            self.put(key)
            self.code += self._class("torch._utils", "_rebuild_parameter") + _MARK
            self._tensor(np.asarray(rows, order="C"))
            self.put(True)
            self.code += self._ordered() + _TUPLE + _REDUCE
        self.code += _SETITEMS
        self.put("_keys")
        self.put(dict.fromkeys(value.rows))
        self.put("training")
        self.put(True)
        for name in ("_buffers", "_modules", "_backward_hooks", "_forward_hooks", "_forward_pre_hooks"):
            self.put(name)
            self.code += self._ordered()
        self.code += _SETITEMS + _BUILD
