"""Whatever is done to an audit chain behind its back, the check finds it and names the first bad entry."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from cloudctl.privacy.chain import Draft, Entry, Fault, Finding, Head, check_chain, link, make_draft

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXTS = st.text(max_size=20)
DRAFTS = st.lists(
    st.builds(
        make_draft, TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-9, 9) | TEXTS)
    ),
    min_size=2,
    max_size=12,
)


def chain_of(drafts: list[Draft]) -> list[Entry]:
    return link(drafts, Head(), MOMENT)


def finding_in(entries: list[Entry], anchors: dict[int, bytes] | None = None) -> Finding:
    finding = check_chain(entries, anchors or {}).finding
    assert finding is not None
    return finding


@given(DRAFTS, st.data())
def test_a_whole_chain_is_whole_however_it_was_appended(drafts: list[Draft], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(drafts)))
    first = link(drafts[:cut], Head(), MOMENT)
    head = Head(first[-1].seq, first[-1].digest) if first else Head()
    entries = first + link(drafts[cut:], head, MOMENT)
    verdict = check_chain(entries, {entries[-1].seq: entries[-1].digest})
    assert verdict.finding is None
    assert verdict.entries == len(drafts)
    assert [entry.seq for entry in entries] == list(range(1, len(drafts) + 1))


@given(DRAFTS, st.data(), st.sampled_from(["actor", "action", "object", "detail", "t"]), TEXTS)
def test_an_edited_entry_is_named(drafts: list[Draft], data: st.DataObject, field: str, text: str) -> None:
    entries = chain_of(drafts)
    at = data.draw(st.integers(0, len(entries) - 1))
    value = entries[at].t.replace(microsecond=1) if field == "t" else text
    assume(value != getattr(entries[at], field))
    changes: dict[str, Any] = {field: value}
    entries[at] = replace(entries[at], **changes)
    assert finding_in(entries) == Finding(Fault.EDITED, at + 1, "its content is not what was entered")


@given(DRAFTS, st.data())
def test_a_deleted_entry_is_named(drafts: list[Draft], data: st.DataObject) -> None:
    entries = chain_of(drafts)
    at = data.draw(st.integers(0, len(entries) - 2))
    del entries[at]
    finding = finding_in(entries)
    assert (finding.fault, finding.seq) == (Fault.MISSING, at + 1)


@given(DRAFTS, st.data())
def test_entries_whose_places_were_changed_are_found(drafts: list[Draft], data: st.DataObject) -> None:
    entries = chain_of(drafts)
    first = data.draw(st.integers(0, len(entries) - 2))
    second = data.draw(st.integers(first + 1, len(entries) - 1))
    entries[first], entries[second] = (
        replace(entries[second], seq=first + 1),
        replace(entries[first], seq=second + 1),
    )
    finding = finding_in(entries)
    assert (finding.fault, finding.seq) == (Fault.MOVED, first + 1)


@given(DRAFTS, st.data())
def test_a_shortened_chain_is_found_by_its_anchor(drafts: list[Draft], data: st.DataObject) -> None:
    entries = chain_of(drafts)
    kept = data.draw(st.integers(0, len(entries) - 1))
    anchors = {entries[-1].seq: entries[-1].digest}
    finding = finding_in(entries[:kept], anchors)
    assert (finding.fault, finding.seq) == (Fault.TRUNCATED, kept + 1)


@given(DRAFTS, st.data())
def test_a_chain_rewritten_from_some_entry_on_is_found_by_its_anchor(drafts: list[Draft], data: st.DataObject) -> None:
    entries = chain_of(drafts)
    at = data.draw(st.integers(0, len(entries) - 1))
    head = Head(at, entries[at - 1].digest) if at else Head()
    forged = entries[:at] + link([make_draft("x", "forged", "x", {"n": -99}), *drafts[at + 1 :]], head, MOMENT)
    assume(forged[-1].digest != entries[-1].digest)
    finding = finding_in(forged, {entry.seq: entry.digest for entry in entries})
    assert (finding.fault, finding.seq) == (Fault.REWRITTEN, at + 1)


@given(DRAFTS, st.data())
def test_an_entry_linked_to_another_predecessor_is_found(drafts: list[Draft], data: st.DataObject) -> None:
    entries = chain_of(drafts)
    at = data.draw(st.integers(1, len(entries) - 1))
    (alone,) = link([drafts[at]], Head(at, b"\1" * 32), MOMENT)
    entries[at] = alone
    finding = finding_in(entries)
    assert (finding.fault, finding.seq) == (Fault.RELINKED, at + 1)
