# SPDX-License-Identifier: Apache-2.0
"""The report: whole, alone, of bounded size, the same each time, and no place for text that acts as markup."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from burnish._improve.page.charts import change, histogram, parts, runs
from burnish._improve.page.findings import Findings, findings_of
from burnish._improve.page.header import gain_sentence, headline
from burnish._improve.page.html import Markup, element, name_of, shortened, visible
from burnish._improve.page.page import page, write_again, write_report
from burnish._improve.page.pictures import LONGEST, encode
from burnish._improve.page.shown import choose, some_of
from burnish._improve.proof import ADJUSTED, COPIES, SMOTE, Proof
from page_data import HOSTILE, NAMES, K, N, Page, improvement, nothing, proof, unscored

Image = pytest.importorskip("PIL.Image")

SECTIONS = (
    "gain", "classes", "labels", "repeats", "hardness", "hard-classes", "hardest", "annotate", "files", "settings",
)  # fmt: skip


def shown_as(findings: Findings, most: int = 24) -> str:
    shown = choose(findings, most)
    return page(findings, shown, {i: encode(np.full((8, 8), i % 256, np.uint8)) for i in shown.samples})


@pytest.fixture(scope="module")
def found() -> Findings:
    return findings_of(improvement(proved=proof(0.03)), commands=[("Make it again", "burnish improve digits")])


def check_whole(text: str) -> Page:
    """Check what holds of every page."""
    parsed = Page.of(text)
    assert parsed.wrong == []
    assert [a["id"] for a in parsed.all("section")] == list(SECTIONS)
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in parsed.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        if "href" in attributes:
            assert (attributes["href"] or "")[1:] in ids, attributes
        if "src" in attributes:
            assert re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+$", attributes["src"] or "")
    assert {tag for tag, _ in parsed.tags}.isdisjoint({"link", "iframe", "object", "embed", "form", "base"})
    assert len(parsed.all("script")) == len(parsed.all("style")) == 1
    assert all(a["alt"] for a in parsed.all("img"))
    assert all(a["aria-label"] for a in parsed.all("svg"))
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    assert all("scope" in a for a in parsed.all("th"))
    assert re.search(r"[\ud800-\udfff\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]", text) is None
    return parsed


def test_page_of_a_run(found: Findings) -> None:
    parsed = check_whole(shown_as(found))
    for text in (
        "20 labels look wrong, 8 images repeat another and 1 file cannot be read.",
        "Mending the set raised balanced accuracy from",
        "20 labels of 279 (7.2 %) look wrong: 17 with a class to give instead, 2 to leave out, 1 to look at",
        "8 images in 4 groups repeat another, pixel for pixel or nearly, the test part included.",
        "Groups with members both in training and test: 1; with labels that differ: 4.",
        "leak: training and test",
        "not an image",
        "burnish improve digits",
    ):
        assert text in parsed.text, text
    assert len(parsed.all("img")) == 20 + (2 + 2 + 2 + 4) + 24 + 24


def test_a_label_is_shown_with_what_is_to_replace_it(found: Findings) -> None:
    text = shown_as(found)
    first = found.of("relabel")[0]
    given, to = NAMES[found.column("label")[first.sample]], NAMES[first.to]
    section = Page.of(text[text.index('<section id="labels"') : text.index('<section id="repeats"')]).text
    how = r"probability (?P<p>[> 0-9]+ %), of the given label (?P<q>[< 0-9]+ %) (?P=p) against (?P=q) "
    assert re.search(f"{given} given, suggested: → {to} {how}{re.escape(found.ids[first.sample])}", section)


def test_a_label_that_is_to_go_is_shown_so(found: Findings) -> None:
    text = check_whole(shown_as(found)).text
    given, count = NAMES[found.column("label")[found.of("drop-label")[0].sample]], len(found.of("drop-label"))
    assert f"{given} given, suggested: → leave out" in text
    assert text.count("→ leave out") == count


def test_hardness_of_right_and_wrong_predictions(found: Findings) -> None:
    text = check_whole(shown_as(found)).text
    known = found.column("prediction") >= 0
    right = known & (found.column("prediction") == found.column("label"))
    assert f"{right.sum():,} samples are predicted as labeled" in text
    assert f"Right predictions: {right.sum():,}" in text
    assert f"Wrong predictions: {(known & ~right).sum():,}" in text
    section = text[text.index("Most often taken for") :]
    accuracy = {
        name: right[of].mean() for k, name in enumerate(NAMES) if (of := known & (found.column("label") == k)).any()
    }
    places = [section.index(f" {name} ") for name in sorted(accuracy, key=lambda name: accuracy[name])]
    assert places[0] < places[-1]
    assert section.split()[4] == min(accuracy, key=lambda name: accuracy[name])


def test_nothing_is_asked_of_a_network(found: Findings) -> None:
    text = shown_as(found)
    assert re.findall(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttp|import\(", text) == []
    policy = next(a["content"] or "" for a in Page.of(text).all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none';")


def test_the_same_findings_give_the_same_bytes(found: Findings) -> None:
    again = findings_of(improvement(proved=proof(0.03)), commands=[("Make it again", "burnish improve digits")])
    assert shown_as(found) == shown_as(again)


@pytest.mark.parametrize("findings", [nothing, unscored])
def test_empty_sections_say_so(findings: Callable[[], Findings]) -> None:
    parsed = check_whole(shown_as(findings()))
    for text in (
        "Samples were not scored",
        "No sample is proposed for annotation.",
        "The gain was not measured in this run.",
        "No copies were made.",
        "Whether mending helps was not measured in this run.",
    ):
        assert text in parsed.text, text


def test_a_set_without_faults(found: Findings) -> None:
    columns = {**found.columns, "copy_of": np.full(N, -1), "repeat_of": np.full(N, -1), "usable": np.ones(N, bool)}
    columns["issue"] = np.zeros(N, bool)
    clean = replace(found, columns=columns, proposals=found.proposals.take([]), problems=())
    parsed = check_whole(shown_as(clean))
    assert headline(clean) == "Nothing wrong was found with this set."
    for text in (
        "No label looks wrong.",
        "No image repeats another.",
        "No file needed care.",
        "Every file could be read.",
    ):
        assert text in parsed.text


def test_a_set_without_images_or_classes() -> None:
    check_whole(shown_as(Findings("", (), (), {})))
    check_whole(shown_as(Findings("one class", ("a",), ("1",), {"label": np.array([0]), "hardness": np.array([0.0]),
                                                               "prediction": np.array([0])})))  # fmt: skip


@pytest.mark.parametrize(
    ("proved", "words"),
    [
        (proof(0.03), "Mending the set raised balanced accuracy from"),
        (proof(-0.03), "Mending the set did harm: balanced accuracy from"),
        (proof(0.0), "Mending changed nothing"),
        (proof(0.0005), "Mending the set was not shown to help: balanced accuracy from"),
        (proof(0.03, target="log-loss"), "Mending the set lowered log loss from"),
        (proof(0.03, target="macro-f1"), "Mending the set raised macro F1 from"),
        (
            replace(proof(0.03), trials=(), judged="Too few samples to hold any out."),
            "Too few samples to hold any out.",
        ),
        (None, "was not measured"),
    ],
)
def test_the_gain_in_plain_words(proved: Proof | None, words: str, found: Findings) -> None:
    findings = replace(found, proof=proved)
    assert words in gain_sentence(findings)
    assert words in check_whole(shown_as(findings)).text


def test_log_loss_is_said_with_its_own_sign(found: Findings) -> None:
    text = check_whole(shown_as(replace(found, proof=proof(0.03, target="log-loss")))).text
    text = text.replace("\N{MINUS SIGN}", "-")
    value, difference = r"0\.\d{3} ± 0\.\d{3}", r"-0\.03\d -0\.03\d to -0\.02\d"
    assert re.search(f"Log loss {value} {value} {difference} helped", text)


def test_what_to_do_follows_from_the_numbers(found: Findings) -> None:
    def advised(proved: Proof) -> str:
        text = Page.of(shown_as(replace(found, proof=proved))).text
        return text[text.index("What to do") : text.index("When not to trust it")]

    assert "Take the mended set" in advised(proof(0.03))  # labels alone gain half as much
    assert "Keep the set as it is" in advised(proof(0.0005))
    assert "Leave out what did harm alone: labels mended." in advised(proof(-0.03))
    first, alone, after = proof(0.03).trials
    swapped = replace(proof(0.03), trials=(first, replace(after, name=alone.name), replace(alone, name=after.name)))
    assert "Make one change only: labels mended alone did better (" in advised(swapped)
    values = list(after.measures["balanced-accuracy"])
    values[0] = first.measures["balanced-accuracy"][0]  # one run, in which it did not
    not_always = replace(after, name=alone.name, measures={**after.measures, "balanced-accuracy": tuple(values)})
    doubtful = replace(proof(0.03), trials=(first, replace(alone, name=after.name), not_always))
    assert "alone did better" not in advised(doubtful)
    assert re.search(
        r"One change alone did better: labels mended, \d\d\.\d\s%\.", gain_sentence(replace(found, proof=swapped))
    )
    two_ways = (first, replace(alone, name=COPIES), replace(after, name=SMOTE), after)
    filled = advised(replace(proof(0.03), trials=two_ways))
    assert '"filled up by SMOTE" gained more than "filled up with copies" by itself' in filled
    assert "Make one change only" not in filled  # it is none of all
    text = Page.of(shown_as(replace(found, proof=replace(proof(0.03), trials=two_ways)))).text
    assert "filled up by SMOTE, between features (not among all)" in text
    assert "filled up with copies (not among all)" not in text
    rival = replace(proof(0.03), trials=(first, alone, after, replace(after, name=ADJUSTED)))
    assert "Changing nothing, but adjusting a model's outputs" in advised(rival)


def test_one_run_has_no_spread(found: Findings) -> None:
    one = proof(0.03, runs=1)
    text = check_whole(shown_as(replace(found, proof=one))).text
    assert "not shown to help" in text
    assert "nan" not in text


def test_a_class_without_held_out_samples(found: Findings) -> None:
    proved = proof(0.03)
    for trial in proved.trials:
        trial.recall[:, 3] = np.nan
        trial.recall[0, 4] = np.nan
    assert "nan" not in check_whole(shown_as(replace(found, proof=proved))).text


def test_hostile_names() -> None:
    names = (*HOSTILE[: K - 1], "ok")
    run = improvement(ids=HOSTILE, names=names, title=HOSTILE[0] + HOSTILE[4], proved=proof(0.03))
    run.scan.problems[0].text = HOSTILE[1] + HOSTILE[4]
    run.pipeline = "\n".join(HOSTILE)
    findings = findings_of(run, commands=[(HOSTILE[0], HOSTILE[1])])
    findings = replace(findings, settings={**findings.settings, HOSTILE[0]: HOSTILE[7]})
    text = shown_as(findings, most=500)
    parsed = check_whole(text)
    for name in HOSTILE:
        if name.strip():
            assert " ".join(visible(name).split()) in parsed.text or shortened(name, 44) in parsed.text, name
    assert (
        re.search(r"[^\s<>]{61}", re.sub(r"<(style|script|pre|title)\b.*?</\1>|<[^>]*>", " ", text, flags=re.S)) is None
    )


def test_size_is_bounded() -> None:
    rng, n = np.random.default_rng(0), 20_000
    label, prediction = rng.integers(0, 50, n), rng.integers(0, 50, n)
    columns = {
        "label": label, "prediction": prediction, "hardness": rng.uniform(0, 4, n).astype(np.float32),
        "issue": label != prediction, "suggested": prediction, "repeat_of": np.arange(n) - (np.arange(n) % 4 > 0),
    }  # fmt: skip
    ids = tuple(f"{'x' * 90}/{i}.png" for i in range(n))
    findings = Findings("large", tuple(f"class {k}" for k in range(50)), ids, columns)
    shown = choose(findings, 24)
    noise = encode(rng.integers(0, 256, (LONGEST, LONGEST, 3), np.uint8))
    text = page(findings, shown, dict.fromkeys(shown.samples, noise))
    assert len(text.encode()) < 5_000_000
    assert "the first 1,000 of" in Page.of(text).text


@pytest.mark.parametrize(
    ("shape", "form", "size"),
    [((8, 8), "PNG", (8, 8)), ((32, 32, 3), "PNG", (32, 32)), ((600, 300, 3), "JPEG", (88, 176)),
     ((1, 400, 3), "JPEG", (176, 1)), ((300, 300), "JPEG", (176, 176))],
)  # fmt: skip
def test_pictures_are_small(shape: tuple[int, ...], form: str, size: tuple[int, int]) -> None:
    data = encode(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == (form, size)
    assert len(data) < 25_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\nb", "a\\nb"),
        ("\udcff", "\\udcff"),
        ("\u202ea", "\\u202ea"),
        ("é猫", "é猫"),
        ("\x7f", "\\x7f"),
        ("a b", "a b"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, says: str) -> None:
    assert visible(text) == says
    assert visible(says) == says


def test_elements_escape_what_is_not_markup() -> None:
    made = element("p", "<b>", Markup("<i></i>"), class_="x", title="\"'<", hidden=True, id=None)
    assert made == '<p class="x" title="&quot;&#x27;&lt;" hidden>&lt;b&gt;<i></i></p>'
    assert name_of("n" * 99, 10) == (f'<span class="name" title="{"n" * 99}"><bdi>nnnnn…nnnn</bdi></span>')


def test_charts_with_odd_values() -> None:
    assert "<circle" not in change(np.nan, 0.5, 0, 1, "")
    for made in (
        change(0.5, 0.5, 0.5, 0.5, "all the same"),
        runs(np.array([0.5]), np.array([0.5]), ("", ""), "one run"),
        histogram(np.zeros(4, np.int64), np.linspace(0, 1, 5), "right", "empty"),
        parts([(np.nan, "after"), (0.5, "wrong")], "not known"),
    ):
        assert "nan" not in made
        assert "inf" not in made


def test_histogram_bars_are_as_high_as_counts() -> None:
    made = histogram(np.array([0, 1, 1000, 500]), np.linspace(0, 2, 5), "right", "")
    heights = [float(text) for text in re.findall(r'<rect class="right"[^>]* height="([\d.]+)"', made)]
    assert heights == [1.5, 120.0, 60.0]
    assert re.findall(r"<text[^>]*>([^<]*)<", made) == ["0", "0.5", "1", "1.5", "2", "1,000"]


def test_the_hardest_are_shown_first(found: Findings) -> None:
    hardness, shown = found.column("hardness"), choose(found, 24).hardest
    assert len(shown) == 24
    assert sorted(hardness[shown].tolist(), reverse=True) == hardness[shown].tolist()
    assert hardness[shown[-1]] >= np.sort(hardness[~np.isnan(hardness)])[-24]


def test_class_counts(found: Findings) -> None:
    before, after, added = found.class_counts()
    labels = found.column("label")[found.training]
    np.testing.assert_array_equal(before, np.bincount(labels, minlength=K))
    assert before.sum() == 279
    drops = len(found.of("drop-label", "drop-repeat", "drop-leak"))
    assert after.sum() == before.sum() - drops + len(found.of("copy"))
    assert added.sum() == len(found.of("copy")) > 0
    between = replace(found.proposals, action=np.where(found.proposals.action == "copy", "interpolate", "relabel"))
    assert np.array_equal(replace(found, proposals=between).class_counts()[2], added)


def test_groups_of_repeats(found: Findings) -> None:
    groups = {group.members: group for group in found.repeats}
    assert groups[(70, 290)].leak
    assert groups[(70, 290)].distance == 0
    assert not groups[(60, 61)].leak
    assert groups[(60, 61)].conflict
    assert found.repeats[0].members == (70, 290)  # leaks first
    assert sum(len(group.members) for group in found.repeats) == 12


def test_repeats_within_the_test_part_are_no_leak() -> None:
    columns = {"copy_of": np.array([-1, 0, -1, 2, 2, 2, 2]), "held_out": np.array([1, 1, 0, 0, 0, 0, 1], bool)}
    findings = Findings("", (), tuple("abcdefg"), columns)
    leak, other = findings.repeats
    assert (leak.members, leak.leak) == ((2, 3, 4, 5, 6), True)
    assert (other.members, other.leak) == ((0, 1), False)
    assert some_of(leak) == (2, 3, 4, 6)  # not without the held-out one


def test_repeats_that_point_at_each_other_are_one_group() -> None:
    columns = {"repeat_of": np.array([-1, 0, 1, 4, 3, -1]), "copy_of": np.array([-1, -1, -1, 2, -1, -1])}
    findings = Findings("", (), tuple("abcdef"), columns)
    assert [group.members for group in findings.repeats] == [(0, 1, 2, 3, 4)]


def test_report_is_written_again_from_what_was_kept(tmp_path: Path) -> None:
    run = improvement(ids=HOSTILE, proved=proof(0.03))
    path, again = tmp_path / "report.html", tmp_path / "again.html"
    write_report(run, path, commands=[("what", "command")], folder=tmp_path / ".burnish")
    write_again(tmp_path / ".burnish", again)
    assert again.read_bytes() == path.read_bytes()
    check_whole(path.read_text(encoding="utf-8"))
    write_again(tmp_path / ".burnish", again, most=2)
    assert len(Page.of(again.read_text(encoding="utf-8")).all("img")) < 12


def test_report_written_again_shows_more_from_thumbnails(tmp_path: Path) -> None:
    write_report(improvement(), tmp_path / "report.html", folder=tmp_path)
    write_again(tmp_path, tmp_path / "without.html", most=40)
    assert "no picture" in (tmp_path / "without.html").read_text(encoding="utf-8")
    (tmp_path / "scan").mkdir()
    np.save(tmp_path / "scan" / "thumbnails.npy", np.zeros((N, 8, 8, 3), np.uint8))
    write_again(tmp_path, tmp_path / "with.html", most=40)
    assert "no picture" not in (tmp_path / "with.html").read_text(encoding="utf-8")


def test_colors_can_be_told_apart_from_what_is_behind_them() -> None:
    style = (resources.files("burnish._improve.page") / "page.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in style.split(":root {")[1:3])
    for colors in (light, dark):
        for text, behind in (
            ("ink", "paper"), ("ink", "panel"), ("soft", "paper"), ("soft", "panel"), ("accent", "paper"),
            ("accent", "accent-soft"), ("right", "paper"), ("wrong", "paper"), ("wrong", "wrong-soft"),
        ):  # fmt: skip
            assert contrast(colors[text], colors[behind]) >= 4.5, (text, behind)
        for chart in ("right", "wrong-fill", "soft"):
            assert contrast(colors[chart], colors["paper"]) >= 3, chart


def contrast(one: str, two: str) -> float:
    """Return the contrast of two colors as WCAG 2 defines it."""
    light = []
    for color in (one, two):
        parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        light.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(light) + 0.05) / (min(light) + 0.05)
