"""Atlases as nilearn reads them, from files laid out as it downloads them; nothing is fetched."""

import json

import nibabel as nib
import numpy as np
import pytest
import requests
import surfaces
from pydantic import TypeAdapter

from isomorph.artefacts import read_attributes, read_responses
from isomorph.errors import IsomorphError
from isomorph.responses.bids.regions import RegionSource, read_regions
from isomorph.responses.places import Grid, Vertices
from isomorph.stages import responses
from isomorph.study.bids import BidsRegions

FINE = np.diag([2.0, 2.0, 2.0, 1.0])
GRID = Grid((3, 3, 3), np.diag([4.0, 4.0, 4.0, 1.0]))
VOLUMES = "sub-1_task-x_space-MNI152NLin6Asym_desc-preproc_bold.nii.gz"
N_VERTICES = 10242
"""Of a hemisphere of fsaverage5."""


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Refuse every request as a machine without a network does."""

    def refuse(*_, **__):
        raise requests.ConnectionError("no network")

    monkeypatch.setattr(requests.Session, "send", refuse)


@pytest.fixture
def read(tmp_path):
    def of(atlas, regions, bold=VOLUMES, place=GRID, **settings):
        content = {"kind": "atlas", "atlas": atlas, "regions": regions, **settings}
        spec = TypeAdapter(BidsRegions).validate_python(content)
        found = read_regions(spec, RegionSource(lambda _: [], place, tmp_path / bold, tmp_path))
        where = {name: found.units[member].tolist() for name, member in found.members.items()}
        return where, found.noted

    return of


def parcels(affine=FINE):
    """Return labels twice as fine as the volumes: 1 at the first x, 2 at the second, else 0."""
    labels = np.zeros((6, 6, 6), dtype=np.uint8)
    labels[0], labels[2] = 1, 2
    return nib.Nifti1Image(labels, affine)


FIRST, SECOND = list(range(9)), list(range(9, 18))
"""Units of `GRID` that those labels mark."""


def lay_out_schaefer(folder, affine=FINE):
    own = folder / "schaefer_2018" / "schaefer_2018"
    own.mkdir(parents=True)
    nib.save(parcels(affine), own / "Schaefer2018_100Parcels_7Networks_order_FSLMNI152_2mm.nii.gz")
    (own / "Schaefer2018_100Parcels_7Networks_order.txt").write_text(
        "1\t7Networks_LH_Vis_1\t120\t18\t131\t0\n2\t7Networks_RH_Vis_1\t120\t18\t132\t0\n"
    )


def lay_out_aal(folder):
    own = folder / "aal" / "aal_3v2" / "AAL3"
    own.mkdir(parents=True)
    image = parcels()
    labels = np.array([0, 2001, 5402], dtype=np.int16)[np.asarray(image.dataobj)]
    nib.save(nib.Nifti1Image(labels, FINE), own / "AAL3v1.nii")
    (own / "AAL3v1.xml").write_text(
        "<atlas><data>"
        "<label><index>2001</index><name>Fusiform_L</name></label>"
        "<label><index>5402</index><name>Fusiform_R</name></label>"
        "</data></atlas>"
    )


def lay_out_fsl(folder, atlas, image, table, names):
    own = folder / atlas / "fsl" / "data" / "atlases"
    (own / image).parent.mkdir(parents=True)
    nib.save(parcels(), own / image)
    labels = "".join(f'<label index="{place}">{name}</label>' for place, name in enumerate(names))
    (own / table).write_text(f"<atlas><data>{labels}</data></atlas>")


def lay_out_destrieux(folder):
    own = folder / "destrieux_surf" / "destrieux_surface"
    own.mkdir(parents=True)
    names = ["Unknown", "G_oc-temp_lat-fusifor", "G_oc-temp_med-Lingual", "S_calcarine"]
    for side, first in (("left", 0), ("right", 5)):
        keys = np.zeros(N_VERTICES, dtype=int)
        keys[first : first + 3] = [1, 2, 3]
        surfaces.write_annotation(own / f"{side}.aparc.a2009s.annot", keys, names)


def test_labels_of_schaefer_are_found_by_pattern(tmp_path, read):
    lay_out_schaefer(tmp_path)
    options = {"n_rois": 100}
    where, noted = read(
        "schaefer_2018", {"visual": ["*_Vis_*"], "left": ["7Networks_LH_Vis_1"]}, options=options
    )
    assert where == {"visual": FIRST + SECOND, "left": FIRST}
    assert not any("atlas" in reason for reason in noted)
    with pytest.raises(IsomorphError, match=r'atlas schaefer_2018: has no "\*_DorsAttn_\*"'):
        read("schaefer_2018", {"parietal": ["*_DorsAttn_*"]}, options=options)


def test_numbers_of_aal_are_not_places_in_its_list(tmp_path, read):
    lay_out_aal(tmp_path)
    assert read("aal", {"l": ["Fusiform_L"], "r": ["Fusiform_R"]})[0] == {"l": FIRST, "r": SECOND}


def test_another_mni_template_than_the_atlas_is_noted(tmp_path, read):
    lay_out_aal(tmp_path)
    bold = VOLUMES.replace("NLin6Asym", "NLin2009cAsym")
    _, noted = read("aal", {"l": ["Fusiform_L"]}, bold=bold)
    assert noted["voxels in MNI152NLin2009cAsym, atlas in MNIColin27"] == 27


@pytest.mark.parametrize(
    ("atlas", "image", "table", "names"),
    [
        (
            "harvard_oxford", "HarvardOxford/HarvardOxford-cort-maxprob-thr25-2mm.nii.gz",
            "HarvardOxford-Cortical.xml", ["Lingual Gyrus", "Occipital Pole"],
        ),
        (
            "juelich", "Juelich/Juelich-maxprob-thr25-2mm.nii.gz", "Juelich.xml",
            ["GM Lingual Gyrus", "GM Occipital Pole"],
        ),
    ],
)  # fmt: skip
def test_atlases_of_fsl(tmp_path, read, atlas, image, table, names):
    lay_out_fsl(tmp_path, atlas, image, table, names)
    where, _ = read(atlas, {"a": ["*Lingual*"], "b": ["*Pole"], "all": ["*"]})
    assert where == {"a": FIRST, "b": SECOND, "all": FIRST + SECOND}


def test_destrieux_labels_the_vertices_of_both_hemispheres(tmp_path, read):
    lay_out_destrieux(tmp_path)
    place = Vertices(N_VERTICES, N_VERTICES)
    bold = "sub-1_task-x_hemi-L_space-fsaverage5_bold.func.gii"
    regions = {"ventral": ["G_oc-temp*"], "calcarine": ["S_calcarine"]}
    where, _ = read("destrieux_surf", regions, bold=bold, place=place)
    right = N_VERTICES + 5
    assert where == {"ventral": [0, 1, right, right + 1], "calcarine": [2, right + 2]}
    with pytest.raises(IsomorphError, match=r"of 10242 vertices, the left hemisphere .* of 32492"):
        read("destrieux_surf", regions, bold=bold, place=Vertices(32492, 32492))


@pytest.mark.parametrize(
    ("bold", "said"),
    [
        ("sub-1_space-T1w_bold.nii.gz", "is in space T1w, the atlas aal is in MNI"),
        ("sub-1_bold.nii.gz", "its name says no space, the atlas aal is in MNI"),
        ("sub-1_space-fsaverage5_hemi-L_bold.func.gii", "is in space fsaverage5"),
    ],
)
def test_bold_in_another_space_is_refused(read, bold, said):
    with pytest.raises(IsomorphError, match=said):
        read("aal", {"l": ["Fusiform_L"]}, bold=bold)


def test_a_space_that_no_name_says_may_be_given(tmp_path, read):
    lay_out_aal(tmp_path)
    where, _ = read("aal", {"l": ["Fusiform_L"]}, bold="sub-1_bold.nii", space="MNIColin27")
    assert where == {"l": FIRST}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rois": 100}, 'has no option "rois", did you mean "n_rois"'),
        ({"n_rois": 150}, "n_rois.*150"),
    ],
)
def test_options_that_do_not_exist_are_refused(read, options, said):
    with pytest.raises(IsomorphError, match=said) as refusal:
        read("schaefer_2018", {"v": ["*"]}, options=options)
    assert "\n" not in str(refusal.value)


def test_an_atlas_of_probabilities_is_refused(tmp_path, read):
    lay_out_fsl(
        tmp_path, "harvard_oxford", "HarvardOxford/HarvardOxford-cort-prob-2mm.nii.gz",
        "HarvardOxford-Cortical.xml", ["A", "B"],
    )  # fmt: skip
    with pytest.raises(IsomorphError, match="has a probability per label"):
        read("harvard_oxford", {"a": ["A"]}, options={"atlas_name": "cort-prob-2mm"})


@pytest.mark.parametrize("atlas", ["destrieux_surf", "aal", "schaefer_2018", "juelich"])
def test_without_a_network_what_works_is_said(tmp_path, read, atlas):
    space = "fsaverage5" if atlas == "destrieux_surf" else "MNI152NLin6Asym"
    with pytest.raises(
        IsomorphError, match=r"cannot be downloaded .*labels or masks of your own"
    ) as refusal:
        read(atlas, {"a": ["A"]}, bold=f"sub-1_space-{space}_bold.nii.gz")
    assert "\n" not in str(refusal.value)
    assert str(tmp_path / atlas) in str(refusal.value)


def test_files_that_are_not_the_atlas_are_said(tmp_path, read):
    lay_out_aal(tmp_path)
    (tmp_path / "aal/aal_3v2/AAL3/AAL3v1.xml").write_text("no xml")
    with pytest.raises(
        IsomorphError, match="aal: cannot be read as the atlas aal; delete its files"
    ):
        read("aal", {"l": ["Fusiform_L"]})


def test_responses_of_an_atlas_name_its_files(tmp_path, replica):
    lay_out_schaefer(tmp_path / "data" / "atlases", affine=np.diag([3.0, 3.0, 3.0, 1.0]))

    def to_mni(files):
        for file in files.glob("**/*_space-T1w_*"):
            file.rename(file.with_name(file.name.replace("T1w", "MNI152NLin6Asym")))

    folder = "derivatives/fmriprep/sub-{subject}/func/"
    layout, _ = replica(
        "ds000105", to_mni, bold=folder + "*_space-MNI152NLin6Asym_desc-preproc_bold.nii.gz",
        regions={
            "kind": "atlas", "atlas": "schaefer_2018", "options": {"n_rois": 100},
            "regions": {"visual": ["*_Vis_*"]},
        },
    )  # fmt: skip
    responses.run(layout, "ds000105", "1")
    (data,) = read_responses(layout.responses("ds000105", "1")).values()
    assert data.sizes["unit"] == 2 * 6 * 6  # two sheets of an atlas 6 voxels wide
    inputs = json.loads(read_attributes(layout.responses("ds000105", "1"))["provenance"])["inputs"]
    atlas = [file for file in inputs if "atlases" in file]
    assert [file.rpartition(".")[2] for file in sorted(atlas)] == ["txt", "gz"]
