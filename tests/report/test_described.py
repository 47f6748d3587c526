"""What is said of the measures follows from what they declare, and is true."""

import re

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from isomorph.cli import main
from isomorph.measures import FAMILIES, MEASURES
from isomorph.rdms import DISTANCES
from isomorph.report.described import (
    AS_DISTANCE,
    OF_FEATURES,
    by_family,
    distances_page,
    family_page,
    linked,
    listed,
    markdown,
    takes_features,
    told,
    unseen,
)

OF_RDMS = [name for name, one in MEASURES.items() if set(one.needs) <= {"rdm", "gram"}]


def rdm(features):
    return pdist(features, "sqeuclidean")[None]


@pytest.mark.parametrize("name", OF_RDMS)
def test_a_measure_of_rdms_sees_of_squared_distances_what_is_said(name):
    rng = np.random.default_rng(1)
    # As few as leave a canonical correlation something to say, or as many as a determinant needs.
    size = 40 if name == "neg_riem_dist" else 6
    first, second = rng.standard_normal((2, 24, size))
    second += first
    changed = {
        "scale": 3 * first,
        "translation": first + rng.uniform(1, 5, size),
        "permutation": first[:, ::-1],
        "orthogonal": first @ np.linalg.qr(rng.standard_normal((size, size)))[0],
        "linear": first @ rng.standard_normal((size, size)),
    }
    said = {*unseen(MEASURES[name])[0], *AS_DISTANCE}
    before = MEASURES[name].pair(rdm(first), rdm(second))
    after = {one: MEASURES[name].pair(rdm(x), rdm(second)) for one, x in changed.items()}
    same = {one for one, value in after.items() if np.isclose(value, before, atol=1e-9)}
    assert same == said


def test_what_is_said_of_features_follows_from_what_is_declared():
    for measure in MEASURES.values():
        of_features, of_rdms = unseen(measure)
        assert of_features == [one for one in OF_FEATURES if one in of_features]
        if takes_features(measure):
            assert set(measure.invariances) & set(OF_FEATURES) <= set(of_features)
            assert of_rdms == []
        else:
            assert "permutation" in of_features
            assert ("scale" in of_features) == bool(
                {"scale", "monotone"} & set(measure.invariances)
            )


def test_the_page_has_a_row_for_every_measure_in_the_section_of_its_family():
    page = markdown(MEASURES.values())
    sections = dict(zip(
        re.findall(r"^## (.*)$", page, re.M), re.split(r"^## .*$", page, flags=re.M)[1:],
        strict=True,
    ))  # fmt: skip
    for name, measure in MEASURES.items():
        words = FAMILIES[measure.family]
        own = sections[words.title[0].upper() + words.title[1:]]
        assert words.asks in own
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` ")]
        assert row in own
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 10
        assert cells[0].startswith(f"`{name}` {measure.title}")
        assert (f"{name}(" in cells[0]) == bool(getattr(measure.form, "parameter", ""))
        assert cells[4] == measure.independence
        assert cells[5] == {True: "yes", False: "no"}[measure.symmetric]
        assert cells[6] == ", ".join(measure.needs)
        assert cells[8] == {True: "high", False: "low"}[measure.costly]
        for address in re.findall(r"https?://[^\s;]+", measure.citation):
            assert f"](<{address}>)" in cells[9]
    heads = [line for line in page.splitlines() if line.startswith("| measure ")]
    assert len(heads) == len(sections) == len({one.family for one in MEASURES.values()})


def test_a_page_of_a_family_and_the_terminal_say_all_that_is_declared():
    for words, members in by_family(MEASURES.own.values()):
        page = family_page(words, members)
        for one in members:
            section = page.split(f"(measure-{one.name})=")[1].split("\n(measure-")[0]
            for text in (one.title, one.avoid, one.independence, linked(one.citation)):
                assert text in section
                assert text in told(one) or text == linked(one.citation)
            assert section.count("$$") == 2
    page = distances_page(DISTANCES.own.values())
    for one in DISTANCES.own.values():
        assert f"\n(distance-{one.name})=\n## `{one.name}`: {one.title}\n" in page
        assert one.avoid in page
        assert one.avoid in told(one)


def test_citations_become_links_and_books_stay_as_they_are():
    assert linked("Kendall 1945, https://doi.org/1; a book of 1948") == (
        "[Kendall 1945](<https://doi.org/1>); a book of 1948"
    )
    assert linked("Westfall & Young 1993") == "Westfall & Young 1993"


def test_families_come_in_their_order_and_without_those_that_have_no_member():
    some = [MEASURES[name] for name in ("procrustes", "cka", "rho_a", "pearson")]
    found = [(words.title, [one.name for one in members]) for words, members in by_family(some)]
    assert found == [("RSA", ["rho_a", "pearson"]), ("kernels", ["cka"]), ("shape", ["procrustes"])]
    lines = listed(some).splitlines()
    assert lines[0] == f"RSA: {FAMILIES['rsa'].asks}"
    assert "  procrustes  needs gram, high cost; Procrustes similarity" in lines
    assert listed([]) == ""


def test_measures_and_distances_are_listed_and_a_slip_is_met_with_the_name(capsys):
    assert main(["list", "measures"]) == 0
    said = capsys.readouterr().out
    assert all(re.search(rf"^  {re.escape(name)} +needs ", said, re.M) for name in MEASURES)
    assert main(["list", "distances"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == list(DISTANCES)
    assert main(["list", "measures", "cka"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("cka: Centred kernel alignment, debiased\n")
    assert f"when not to use it: {MEASURES['cka'].avoid}" in said
    assert main(["list", "distances", "crossnobis"]) == 0
    assert "of models: squared_euclidean, as a layer has no noise" in capsys.readouterr().out
    assert main(["list", "measures", "ckaa"]) == 1
    assert 'unknown measure "ckaa": did you mean "cka"' in capsys.readouterr().err
    assert main(["list", "measurs"]) == 1
    assert 'did you mean "measures"?' in capsys.readouterr().err
