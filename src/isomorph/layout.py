"""Where every file of a study stands; the workflow and the stages ask here, nobody spells paths."""

from __future__ import annotations

from pathlib import Path

from isomorph.study import Study
from isomorph.study.archive import SimulatedArchive


class Layout:
    """The paths of one study.

    Parameters
    ----------
    study : Study
        The study.
    root : path, optional
        The folder that holds `data/` and `results/`; the current one unless given.
    """

    def __init__(self, study: Study, root: Path | str = ".") -> None:
        self.study = study
        self.root = Path(root)

    @property
    def results(self) -> Path:
        return self.root / "results" / self.study.name

    def archive(self, dataset: str) -> Path:
        """Folder of a dataset's bytes. A simulated recording is a result, not data."""
        if isinstance(self.study.dataset(dataset).archive, SimulatedArchive):
            return self.results / dataset / "archive"
        return self.root / "data" / "archive" / dataset

    def requested(self, dataset: str) -> Path:
        """Folder where the user puts the files of a dataset that only their owners give out."""
        return self.root / "data" / "requested" / dataset

    @property
    def atlases(self) -> Path:
        """Folder of brain atlases, which belong to no dataset."""
        return self.root / "data" / "atlases"

    @property
    def weights(self) -> Path:
        """Folder of the weights of networks, which belong to no study."""
        return self.root / "data" / "weights"

    def manifest(self, dataset: str) -> Path:
        return self.archive(dataset) / "manifest.json"

    def stimuli(self, dataset: str) -> Path:
        """The stimulus table of the set a dataset uses, which may belong to another dataset."""
        owner = self.study.stimulus_set(dataset)
        return self.root / "data" / "stimuli" / owner / "stimuli.csv"

    def names(self, dataset: str) -> Path:
        """What the recordings of a dataset call its stimuli, beside the stimulus table."""
        return self.stimuli(dataset).with_name("names.csv")

    def responses(self, dataset: str, subject: str) -> Path:
        return self.results / dataset / "responses" / f"{subject}.nc"

    def reliability(self, dataset: str) -> Path:
        return self.results / dataset / "reliability.csv"

    def activations(self, dataset: str, instance: str) -> Path:
        """Activations belong to the stimulus set, so datasets that share stimuli share them."""
        owner = self.study.stimulus_set(dataset)
        return self.results / owner / "activations" / f"{instance}.nc"

    def brain_rdms(self, dataset: str) -> Path:
        return self.results / dataset / "rdms" / "brain.nc"

    def model_rdms(self, dataset: str, instance: str) -> Path:
        owner = self.study.stimulus_set(dataset)
        return self.results / owner / "rdms" / f"{instance}.nc"

    def comparisons(self, dataset: str) -> Path:
        return self.results / dataset / "comparisons.csv"

    def subjects(self, dataset: str) -> Path:
        """Comparisons of every subject by itself."""
        return self.results / dataset / "subjects.csv"

    def regions(self, dataset: str) -> Path:
        """Comparisons of a dataset's regions with each other."""
        return self.results / dataset / "regions.csv"

    def preferences(self, dataset: str) -> Path:
        """Regions against each other at every layer."""
        return self.results / dataset / "preferences.csv"

    def selection(self, dataset: str) -> Path:
        """The layer of every model, chosen on some stimuli and scored on others."""
        return self.results / dataset / "selection.csv"

    def layers_in_set(self, dataset: str) -> Path:
        """The layers of every model of which any may be its best."""
        return self.results / dataset / "layers_in_set.csv"

    def differences(self, dataset: str) -> Path:
        """Models against each other."""
        return self.results / dataset / "differences.csv"

    def contrasts(self, dataset: str) -> Path:
        """Trained models against their untrained twins."""
        return self.results / dataset / "contrasts.csv"

    def recovery(self, dataset: str) -> Path:
        """Whether planted layers were found again."""
        return self.results / dataset / "recovery.csv"

    def partial(self, dataset: str) -> Path:
        """What is left of each model's likeness once controls are accounted for."""
        return self.results / dataset / "partial.csv"

    def weighted(self, dataset: str) -> Path:
        """Weighted combinations of layers, and of components of a layer."""
        return self.results / dataset / "weighted.csv"

    def partition(self, dataset: str) -> Path:
        """Shares of the explained variance that models have alone and in common."""
        return self.results / dataset / "partition.csv"

    def models(self, dataset: str) -> Path:
        """Models against models."""
        return self.results / dataset / "models.csv"

    def representations(self, dataset: str) -> Path:
        """Every region and layer against every other."""
        return self.results / dataset / "representations.nc"

    def confusion(self, dataset: str) -> Path:
        """Which layers were found in data simulated from each."""
        return self.results / dataset / "confusion.csv"

    def power(self, dataset: str) -> Path:
        """How often claims about simulated data are right."""
        return self.results / dataset / "power.csv"

    def agreement(self, dataset: str) -> Path:
        """Whether distances and measures order models alike."""
        return self.results / dataset / "agreement.csv"

    def searchlight(self, dataset: str, subject: str, instance: str, layer: str) -> Path:
        """Map of a subject's brain: how like a layer the sphere around each voxel is."""
        spelt = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in layer)
        folder = self.results / dataset / "searchlight"
        return folder / f"{subject}_{instance}_{spelt}.nii.gz"

    def figures(self, dataset: str) -> Path:
        return self.results / "figures" / dataset

    @property
    def report(self) -> Path:
        return self.results / "report.html"

    def log(self, stage: str, *names: str) -> Path:
        """What one job of a stage said."""
        return self.results.joinpath("logs", stage, *names).with_name(f"{(stage, *names)[-1]}.log")

    def benchmark(self, stage: str, *names: str) -> Path:
        """What one job of a stage cost."""
        return self.results.joinpath("benchmarks", stage, *names).with_name(
            f"{(stage, *names)[-1]}.tsv"
        )
