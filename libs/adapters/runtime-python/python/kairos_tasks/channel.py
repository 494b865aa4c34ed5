"""The two descriptors to the server: frames of JSON behind a length of four bytes, big-endian."""

from __future__ import annotations

import json
import os
import struct
import threading
from collections.abc import Callable
from typing import Any

from .records import MAX_FRAME_BYTES

_HEAD = struct.Struct(">I")


class Channel:
    """Sends whole frames, whichever thread sends; what interrupts the main thread waits until its frame is out."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self._lock = threading.Lock()
        self._writing = False
        self._later: Callable[[], None] | None = None

    def send(self, message: dict[str, Any]) -> None:
        """Raises `ValueError` when the message is too long or holds NaN; then nothing was sent."""
        self.send_text(json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")))

    def send_text(self, text: str) -> None:
        body = text.encode("utf-8")
        if len(body) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {len(body)} bytes; at most {MAX_FRAME_BYTES} are sent")
        main = threading.current_thread() is threading.main_thread()
        with self._lock:
            self._writing = main
            try:
                self._write(_HEAD.pack(len(body)) + body)
            finally:
                self._writing = False
        later, self._later = (self._later, None) if main else (None, self._later)
        if later is not None:
            later()

    def interrupt(self, action: Callable[[], None]) -> None:
        """Called by a signal in the main thread: runs `action` now, or once the frame that is being written is out."""
        if self._writing:
            self._later = action
        else:
            action()

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the server closed its end, or died."""
        head = self._exactly(_HEAD.size)
        if head is None:
            return None
        body = self._exactly(_HEAD.unpack(head)[0])
        if body is None:
            return None
        message = json.loads(body)
        return message if isinstance(message, dict) else None

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._writes, view) :]

    def _exactly(self, count: int) -> bytes | None:
        parts: list[bytes] = []
        while count > 0:
            part = os.read(self._reads, min(count, 65_536))
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
