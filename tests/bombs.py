"""Files that are small to send and long to open."""

from __future__ import annotations

import struct


def scan_bomb(width: int, height: int, scans: int) -> bytes:
    """A grey progressive JPEG whose scans refine nothing: each says of all blocks, in runs of up to
    32,767, that they stay as they are (ITU-T T.81, G.1.2.3)."""

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    def bits(text: str) -> bytes:
        text += "1" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")

    def scan(first: int, last: int, precision: int, content: bytes) -> bytes:
        return segment(0xDA, bytes([1, 1, 0, first, last, precision])) + content

    def one_code(table: int, symbol: int) -> bytes:
        """A Huffman table in which 0 is the only code."""
        return segment(0xC4, bytes([table, 1, *[0] * 15, symbol]))

    blocks = -(-width // 8) * -(-height // 8)
    nothing = bits("0" * blocks)
    runs = bits(("0" + "1" * 14) * -(-blocks // 32767))  # EOB14 and its 14 bits
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, bytes([0, *[1] * 64])),
            segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"),
            one_code(0x00, 0),
            one_code(0x10, 0xE0),
            scan(0, 0, 0x00, nothing),
            scan(1, 63, 0x01, runs),
            scan(1, 63, 0x10, runs) * scans,
            b"\xff\xd9",
        )
    )
