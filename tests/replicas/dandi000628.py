"""One free-viewing session: rasters in one file, what was shown in another, images by request."""

import io
from hashlib import md5

import numpy as np
from images import categories, natural_like
from PIL import Image
from recordings import TEXT, create, schedule, series, table, tuning, typed

SUBJECTS = ["Bf"]
SESSION = "20211029T141527"
N_STIMULI, REPETITIONS = 12, 10
CHANNELS = [1, 7, 20, 40, 47, 55, 70, 80, 90, 100, 110, 120]
EXPECTED = {
    "sessions": {"Bf": 1},
    "stimuli": N_STIMULI,
    "presentations": {"Bf": N_STIMULI * REPETITIONS},
    "repetitions": {"Bf": REPETITIONS},
    # Banks of 32 channels: 0 and 1 in CIT, 2 and 3 in AIT; two units on channel 7.
    "units": {"CIT": 7, "AIT": 6},
}


def write(root):
    """Write rasters, presentations and eye movements of the session, and the images apart."""
    rng = np.random.default_rng(628)
    names = _images(root / "requested" / "dandi000628")
    place = root / "000628" / "0.230922.1642" / "sub-Bf"
    stem = f"sub-Bf_ses-{SESSION}"
    units = sorted([*(f"{one}" for one in CHANNELS), "7a"], key=lambda one: int(one.rstrip("a")))
    shown, onset = schedule(rng, N_STIMULI, REPETITIONS, start=2.0, period=1.2)
    onset = np.round(onset + rng.uniform(0, 0.2, len(onset)), 3)
    with create(place / f"{stem}_image.nwb", "Bf-211029-141527", "Bf-211029-141527") as file:
        _presentations(file, rng, names, shown, onset)
    with create(place / f"{stem}.nwb", "Bf-211029-141527", "rasters for session") as file:
        _rasters(file, rng, units, shown, onset)
    with create(place / f"{stem}_behavior.nwb", "Bf-211029-141527", "eyes") as file:
        file["processing/behavior/EyeTracking/eye/data"] = np.zeros((10, 2))


def _images(folder):
    """Write each image under the md5 of its bytes, as its owners name them."""
    folder.mkdir(parents=True)
    names = []
    for picture in natural_like(N_STIMULI, 24, 24, seed=628):
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "JPEG", quality=95)
        names.append(f"{md5(stream.getvalue()).hexdigest()}.jpg")
        (folder / names[-1]).write_bytes(stream.getvalue())
    return names


def _presentations(file, rng, names, shown, onset):
    table(
        file,
        "intervals/presentations",
        np.arange(len(shown)),
        {
            "start_time": onset,
            "stop_time": onset + 1.0,
            "trial_id": np.arange(len(shown)) // 4,
            "latency": np.full(len(shown), 0.033),
            "order_in_trial": np.arange(len(shown)) % 4,
        },
        kind="TimeIntervals",
    )
    file["intervals/presentations/position"] = rng.uniform(-2, 2, (len(shown), 2))
    series(file, "stimulus/presentation/presentations", shown.astype(np.uint32), "IndexSeries",
           timestamps=onset)  # fmt: skip
    pictures = series(file, "stimulus/templates/stimuli", np.zeros((0, 0, 0)), "OpticalSeries",
                      rate=1.0)  # fmt: skip
    pictures.create_dataset("external_file", data=[f"Stimuli/{one}" for one in names], dtype=TEXT)
    pictures.create_dataset("dimension", data=[24, 24])


def _rasters(file, rng, units, shown, onset):
    kinds = categories(N_STIMULI)
    rate = 30 * np.exp(0.5 * tuning(rng, kinds, len(units)))[shown]  # (presentation, unit)
    length = int(1000 * (onset[-1] + 2))
    chance = np.full((length, len(units)), 0.005)
    for first, row in zip(np.round(1000 * onset).astype(int), rate, strict=True):
        chance[first + 60 : first + 300] = row / 1000
    raster = (rng.random(chance.shape) < chance).astype(np.uint8)
    group = series(file, "processing/ecephys/rasters", raster, "TimeSeries", rate=1000.0,
                   unit="spike", chunks=(4096, len(units)))  # fmt: skip
    assert group.name == "/processing/ecephys/rasters"
    names = table(
        file, "processing/ecephys/unit_names", np.arange(len(units)), {"unit_name": units}
    )
    typed(names, "DynamicTable")
