"""What was shown and recorded: bytes, stimuli, responses and their reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isomorph.catalogue.entries import RESULTS, WORDS, Artefact, named, table
from isomorph.catalogue.shared_columns import ABOUT, PLACE, SHARE, SHARED, TESTED

if TYPE_CHECKING:
    from isomorph.study import Study

STIMULI = {
    **named(
        WORDS,
        stimulus="Name of the stimulus, by which every later file knows it.",
        file="Its image, as seen from the folder of the table; empty without one.",
        sha256="SHA-256 of its pixels, whatever format the file has.",
        duplicate_of="The first stimulus with exactly the same pixels; empty where there is none. "
        "Frames of one film are not compared with one another.",
        near_duplicate_of="The first stimulus that looks the same; empty where there is none. "
        "Frames of one film are not compared with one another.",
        film="The film that the stimulus is a frame of.",
        clip="Frames of the film that lead up to the stimulus, which is the last, kept in clips/.",
        clip_sha256="SHA-256 of the digests of those frames, one a line.",
    ),
    **named(
        "count",
        frame="Of a frame of a film, which it is, from 0.",
        film_frames="How many frames the film has.",
    ),
    **named(
        "seconds",
        time="Of a frame of a film, when it comes on, from the beginning of the film.",
        film_length="How long the film lasts.",
        dwell="For how long all recordings together are in the bin; of bins of a variable, whose "
        "name is the column of their centres, with `_start`, `_stop` and `_period` behind it that "
        "of their ends and of what the variable comes back after.",
    ),
    **named("pixels", width="Width of the image.", height="Height of the image."),
}

NAMES = named(
    WORDS,
    file="Recording, as seen from the folder of the dataset.",
    name="What the recording calls the stimulus.",
    stimulus="The stimulus in the stimulus table.",
)

PREDICTED = {
    f"reliability_at_{count}": f"Reliability of the mean over {repetitions}, predicted by the "
    "Spearman-Brown formula."
    for count, repetitions in {
        1: "one repetition", **{many: f"{many} repetitions" for many in (2, 4, 8, 16)},
    }.items()
}  # fmt: skip

RELIABILITY = {
    **named(
        WORDS,
        region="Brain region of the unit, or that of which the row is the mean.",
        unit="Unit; empty in the row of a whole region.",
    ),
    **named(
        "correlation",
        split_half="How well two halves of the repetitions agree, over stimuli; the mean over "
        "random halvings. Halves are of whole runs where these are known. Of ready RDMs, how well "
        "those of two sessions agree.",
        split_half_sd="Standard deviation of the same over halvings.",
        spearman_brown="What split_half predicts for the mean over all repetitions "
        "(Spearman-Brown).",
        **PREDICTED,
    ),
    **named(
        "squared unit of the responses",
        signal_variance="Variance over stimuli that repetitions have in common.",
        noise_variance="Variance over repetitions of the same stimulus.",
    ),
    **named(
        "ratio",
        snr="Standard deviation of the signal over that of the noise of one repetition.",
    ),
    **named(
        SHARE,
        noise_ceiling="Share of the variance of the mean over all repetitions that a perfect "
        "model explains.",
    ),
    **named(
        "count",
        n_stimuli="Stimuli shown often enough to be halved.",
        n_units="Units with a value: 1 in the row of a unit.",
        **{"repetitions_for_0.8": "Repetitions with which the reliability would be 0.8."},
    ),
}


TUNING = {
    **named(
        WORDS,
        region="Brain region of the unit, or that of which the row is the mean.",
        unit="Unit; empty in the row of a whole region.",
        variable="Variable along which tuning is asked about; of all together `x × y`.",
        peak_at="Centre of the bin in which the rate is highest, in the units of the variables.",
        family="What is corrected together, variables always apart: units of a `region`, or of all "
        "regions, subjects and sessions of a `dataset`.",
        p_note="What the number of shifts cannot give.",
    ),
    **named(
        "bits per spike",
        information="What a spike tells of the variable: the mean over time of relative rates "
        "times their logarithms (Skaggs et al. 1993). It is above 0 by chance, the more so the "
        "fewer spikes there are.",
        information_by_chance="Mean of the same after shifts of the spikes in time against the "
        "variable.",
    ),
    **named(
        "share of the rates, 0 to 1",
        vector_length="Length of the mean vector of the rates in all directions: 0 where they are "
        "equal, 1 where there are spikes in one alone; empty of variables without a period.",
    ),
    **named(
        "that of the variable",
        preferred="Direction of that vector; empty of variables without a period.",
    ),
    **named(
        "spikes per second",
        peak_rate="Highest rate in any bin.",
        mean_rate="Spikes over all the time in bins.",
    ),
    **named(
        "correlation",
        reliability="Correlation over bins of the rates in one half of the repetitions with those "
        "in the other; empty where there is one repetition.",
    ),
    **named(
        "probability",
        p="Share of the shifts, none among them, after which information is as large.",
    ),
    **named(
        SHARE,
        tuned="Share of the tested units of the region with a corrected p of at most .05; of one "
        "unit 1 or 0, and empty where it was not tested.",
    ),
    **named(
        "count",
        n_units="Units that were tested, 1 in the row of a unit.",
        n_spikes="Spikes in bins.",
        n_bins="Bins that were visited.",
        n_shifts="Shifts, each of all units by the same time.",
    ),
    **named("seconds", seconds="Time in bins."),
}


def asks_population(study: Study, dataset: str) -> bool:
    """Tell whether a study asks what the units of a dataset did over time."""
    asked = study.spec.topology
    return asked is not None and asked.of == "time" and of_spikes(study, dataset)


def of_spikes(study: Study, dataset: str) -> bool:
    """Tell whether the responses of a dataset are read of spikes in recordings."""
    return study.dataset(dataset).responses.kind in ("nwb", "rates")


def asks_tuning(study: Study, dataset: str) -> bool:
    """Tell whether the responses of a dataset are rates over the bins of a variable."""
    return study.dataset(dataset).responses.kind == "rates"


MEASURED = (
    Artefact(
        "manifest", "fetch", "{archive}/manifest.json",
        "the bytes of a dataset as published: which files, how large, with which hashes",
    ),
    table(
        "stimuli", "stimuli", "the stimuli in their order: images, duplicates, and whatever the "
        "dataset says of them in columns of its own",
        "stimulus file sha256", STIMULI,
        optional="width height duplicate_of near_duplicate_of film frame time film_frames "
        "film_length clip clip_sha256 dwell",
        path="data/stimuli/{owner}/stimuli.csv",
    ),
    table(
        "names", "stimuli", "what recordings call the stimuli, of datasets that find their images "
        "in NWB files",
        "file name stimulus", NAMES,
        path="data/stimuli/{owner}/names.csv",
        only_for=lambda study, dataset: study.dataset(dataset).stimuli.kind == "nwb",
    ),
    Artefact(
        "responses", "responses", f"{RESULTS}/responses/{{subject}}.nc",
        "responses of one subject, a group per session; or its ready RDMs", array="responses",
    ),
    Artefact(
        "population", "population", f"{RESULTS}/population/{{subject}}.nc",
        "rates of all units of one subject over time, and the variables then, a group per session",
        array="population", asked=asks_population,
    ),
    table(
        "reliability", "reliability", "reliability of every unit and region",
        f"subject session {PLACE} unit n_stimuli n_repetitions split_half spearman_brown status",
        RELIABILITY, ABOUT,
        optional=f"split_half_sd signal_variance noise_variance n_units n_splits snr noise_ceiling "
        f"{' '.join(PREDICTED)} repetitions_for_0.8",
    ),
    table(
        "tuning", "tuning", "how units are tuned to the variables that stimuli are bins of, and "
        "which share of a region is",
        f"dataset simulated region subject session variable unit information information_by_chance "
        f"vector_length preferred peak_rate peak_at mean_rate reliability {TESTED} tuned n_units "
        "n_spikes n_bins seconds n_shifts status reason",
        TUNING, SHARED, asked=asks_tuning,
    ),
)  # fmt: skip
