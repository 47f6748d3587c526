"""Folders of CTF recordings, written byte by byte as MNE-Python reads them: EEG channels alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

COIL = [
    ("pos", ">f8", 3), ("d0", ">f8"), ("norm", ">f8", 3), ("d1", ">f8"), ("turns", ">i2"),
    ("d2", ">i4"), ("d3", ">i2"), ("area", ">f8"),
]  # fmt: skip
CHANNEL = np.dtype(
    [
        ("sensor_type_index", ">i2"), ("original_run_no", ">i2"), ("coil_type", ">i4"),
        ("proper_gain", ">f8"), ("qgain", ">f8"), ("io_gain", ">f8"), ("io_offset", ">f8"),
        ("num_coils", ">i2"), ("grad_order_no", ">i2"), ("d0", ">i4"), ("coil", COIL, 8),
        ("head_coil", COIL, 8),
    ]
)  # fmt: skip
COMPENSATION = np.dtype(
    [
        ("sensor_name", "S32"), ("coeff_type", ">i4"), ("d0", ">i4"), ("ncoeff", ">i2"),
        ("sensors", "S31", 50), ("coeffs", ">f8", 50),
    ]
)  # fmt: skip
FIRST_GRADIENT = 0x47314252
EEG = 9
PER_VOLT = 1e9
"""Steps of a volt: samples are whole nanovolts."""


def write_ctf(folder: Path, data: np.ndarray, names: list[str], rate: float) -> None:
    """Write samples (channel, sample) in µV as one trial."""
    folder.mkdir(parents=True)
    head = np.zeros(1844, dtype=np.uint8)

    def put(place: int, value: bytes) -> None:
        head[place : place + len(value)] = np.frombuffer(value, dtype=np.uint8)

    put(0, b"MEG41RS\0")
    put(778, b"10:00:00")
    put(1033, b"01-Jan-2020")
    put(1288, np.array(data.shape[1], ">i4").tobytes())
    put(1292, np.array(len(names), ">i2").tobytes())
    put(1296, np.array([rate, data.shape[1] / rate], ">f8").tobytes())
    put(1312, np.array(1, ">i2").tobytes())
    channels = np.zeros(len(names), dtype=CHANNEL)
    channels["sensor_type_index"] = EEG
    channels["proper_gain"], channels["qgain"] = PER_VOLT, 1.0
    compensation = np.zeros(
        1, dtype=COMPENSATION
    )  # one that is not in use; every CTF file has some
    compensation["sensor_name"], compensation["coeff_type"] = names[0], FIRST_GRADIENT
    compensation["ncoeff"], compensation["sensors"][0, 0] = 1, names[1]
    stem = folder.name.removesuffix(".ds")
    (folder / f"{stem}.res4").write_bytes(
        head.tobytes()
        + np.array(0, ">i2").tobytes()  # no filters
        + b"".join(name.encode().ljust(32, b"\0") for name in names)
        + channels.tobytes()
        + np.array(1, ">i2").tobytes()
        + compensation.tobytes()
    )
    samples = np.rint(data * 1e-6 * PER_VOLT).astype(">i4")
    (folder / f"{stem}.meg4").write_bytes(b"MEG41CP\0" + samples.tobytes())
