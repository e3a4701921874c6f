"""Every way of tampering that we know, and what exactly is found of it: the code, and the place.

Read a row as: who does this to a bundle is told this, and nothing else.  Numbers of events are left out of the places.
`test_every_code_is_found_by_an_attack` closes the circle: no code of the verifier is without a row.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.evidence.bundle import config_json, sha256
from kansho.evidence.carried import FIELDS, WORDS
from kansho.evidence.carried import PAPER as SIGNED
from kansho.evidence.checkpoint import cosign
from kansho.evidence.clauses import ELSEWHERE, TITLES
from kansho.evidence.findings import Finding
from kansho.evidence.methods import CRYPTO_ERASE
from kansho.evidence.verdict import verdict
from kansho.evidence.verify import judge_bundle
from kansho.vault.classes import PERSONAL_KEYS
from tests.unit import misdeeds_counts, misdeeds_finish, misdeeds_order, misdeeds_parties
from tests.unit.attacks import (
    FIFTH,
    HANDED,
    THIEF,
    THIRD,
    WARD,
    Case,
    Given,
    Misdeed,
    after_the_end,
    all_of,
    amended,
    asked_again,
    asked_instead,
    by_another_key,
    certificate_in_another_form,
    certificate_lacks,
    certificate_says,
    certified_otherwise,
    certified_years_later_behind_an_interim,
    changed,
    changed_certificate,
    coded,
    counted,
    cut_within_an_event,
    deep,
    dropped,
    dropped_event,
    duplicate_entry,
    duplicate_key,
    edited,
    edited_count,
    endless_number,
    flip,
    float_count,
    handed_again,
    handed_back,
    holding,
    huge_count,
    inserted,
    kept_by,
    key_of,
    last_checkpoint,
    lasting,
    late,
    left,
    lines,
    made_of,
    moved_before,
    moved_to_the_end,
    not_canonical,
    of_another_key,
    older_checkpoint_only,
    on,
    on_another_decision,
    one_person_twice,
    only_scheduled,
    other_campaign,
    other_log_of_the_same_key,
    other_round,
    other_side,
    packed,
    paper,
    passed_over,
    printed_again,
    raised_codes,
    read_as,
    refused_before,
    renamed,
    renamed_incident,
    repeated_event,
    rewritten,
    root_at,
    scan_of,
    scan_without,
    scan_years_later_behind_an_interim,
    set_actor,
    shadowed,
    surplus_hides_a_lack,
    swapped_config,
    swapped_events,
    told_at_the_end,
    uncertified,
    uses,
    voided_before,
    with_a_countersignature,
    with_file,
    with_lines,
    with_the_wards,
)
from tests.unit.evidence_year import (
    CONTRACTOR,
    DELETED,
    HANDED_BACK,
    OFFICER,
    PLACES,
    RESULTS,
    Year,
    lawful_year,
    printed,
)

LOOKALIKE = OFFICER[1].replace("a", "а")  # Cyrillic
CLERK = ("contractor", "teshigawara", "contractor_staff")
EARLY = "2026-01-01T00:00:00.000000Z"
NOWHERE = "0" * 64
PRINTED = "printer/print_package/mailing_1"
LOST = "printer/print_report/mailing_1"
ROSTER = {"digest": sha256(b"roster/d01")}
#: Where a holding that somebody sneaks in would have to lie.
KEPT = {"holder": "contractor", "place": "vault_site", "erase_by": "2028-01-29", "purpose": "validation"}
#: What follows where no receipt of the year's hand-over counts.
NOT_RECEIPTED = {
    f"HANDOVER-UNRECEIPTED [package_handed_over {HANDED}]",
    *(f"HANDOVER-ERASED-EARLY [snapshot_erased {name}]" for name in RESULTS),
}

Forgery = Callable[[Case], bytes]
Beside = Callable[[Case], Given]

#: The paper of a deed by hand.
DISSOLVED = f"documents/closing/{sha256(printed('dissolution'))[:16]}.pdf"
#: A 丙's machines closed on a certificate that was not issued.
UNSHOWN = ("PAPERS-HAND [party/printer]", "STATE-MANUAL-PAPER [party/printer]")
#: Papers that are issued right before the year is certified.
OF_THE_END = ("erasure-certificate.pdf", "erasure-log.csv", "residue-scan.csv")
#: Bytes changed after everything was signed, by whoever gets hold of the file.
FORGERIES: Mapping[str, tuple[Forgery, set[str]]] = {
    "not a zip": (lambda c: b"PK" + c.data[5:40], {"BUNDLE-FORM [bundle]"}),
    "a byte of the events flipped": (
        lambda c: flip(c.data, c.data.index(b"gate_evaluated")),
        {"BUNDLE-DAMAGED [bundle]"},
    ),
    "a byte of the frame flipped": (lambda c: flip(c.data, 11), {"BUNDLE-BYTES [bundle]"}),
    "bytes appended": (lambda c: c.data + b"\0", {"BUNDLE-BYTES [bundle]"}),
    "a file too many": (lambda c: with_file(c, "extra.txt", b"x"), {"BUNDLE-EXTRA [extra.txt]"}),
    "a paper that nobody issued": (
        lambda c: with_file(c, "papers/closing/0.pdf", b"x"),
        {"BUNDLE-EXTRA [papers/closing/0.pdf]"},
    ),
    **{
        f"the paper {name} missing": (
            lambda c, name=name: with_file(c, f"papers/{name}", None),
            {f"PAPERS-MISSING [papers/{name}]"},
        )
        for name in (*OF_THE_END, "certificate-printer.pdf", "certificate-printer.json")
    },
    **{
        f"the paper {name} changed": (
            lambda c, name=name: with_file(c, f"papers/{name}", b"{}"),
            {f"PAPERS-CHANGED [papers/{name}]"},
        )
        for name in (*OF_THE_END, "certificate-printer.pdf", "certificate-printer.json")
    },
    "a file with a look-alike name": (
        lambda c: with_file(c, "сertificate.json", c.certificate),
        {"BUNDLE-LOOKALIKE [name]"},
    ),
    "a file missing": (lambda c: with_file(c, "certificate.sig", None), {"BUNDLE-MISSING [certificate.sig]"}),
    "a file twice": (duplicate_entry, {"BUNDLE-DUPLICATE [bundle]"}),
    "packed by another program": (lambda c: packed(c, zipfile.ZIP_STORED), {"BUNDLE-BYTES [bundle]"}),
    "compressed": (lambda c: packed(c, zipfile.ZIP_DEFLATED), {"BUNDLE-SIZE [bundle]"}),
    "the reading note changed": (lambda c: with_file(c, "README.txt", b"trust me"), {"BUNDLE-README [README.txt]"}),
    "the tail cut off": (
        lambda c: with_lines(c, lines(c)[:-5]),
        {
            *(f"BUNDLE-EXTRA [papers/{name}]" for name in OF_THE_END),
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "CHECKPOINT-CUT [checkpoints/LAST.txt]",
            "CHECKPOINT-LAST [events.jsonl]",
            "DOCUMENTS-DIFFER [documents.json]",
            "STATE-UNCERTIFIED [events]",
        },
    ),
    "the tail cut off in the middle of an event": (cut_within_an_event, {"EVENT-CUT [events.jsonl]"}),
    "the head cut off": (lambda c: with_lines(c, lines(c)[2:]), {"EVENT-DROPPED [events.jsonl:1]"}),
    "an event dropped": (dropped_event, {"EVENT-DROPPED [events.jsonl:6]"}),
    "two events swapped": (swapped_events, {"EVENT-ORDER [events.jsonl:5]"}),
    "an event repeated": (repeated_event, {"EVENT-NUMBER [events.jsonl:7]"}),
    "an event inserted": (
        lambda c: with_lines(c, [*lines(c)[:6], lines(c)[6], *lines(c)[6:]]),
        {"EVENT-NUMBER [events.jsonl:8]"},
    ),
    "a count edited": (
        edited_count,
        {
            "CERTIFICATE-COUNTS [certificate.json counts]",
            "CERTIFICATE-ROOT [certificate.json log_root]",
            "CHECKPOINT-ROOT [checkpoints/LAST.txt]",
            "COUNT-POSTED [printed = posted + pulled + spoiled [mailing_1]]",
            "COUNT-STORED [told = stored [postings/mailing_1]]",
        },
    ),
    "the same key twice in an event": (duplicate_key, {"JSON-DUPLICATE-KEY [events.jsonl:7]"}),
    "nesting to exhaust the reader": (deep, {"JSON-DEPTH [events.jsonl:7]"}),
    "an event not in canonical form": (not_canonical, {"EVENT-CANONICAL [events.jsonl:7]"}),
    "a number with a fraction": (float_count, {"JSON-NUMBER [events.jsonl:85]"}),
    "a number that readers take differently": (huge_count, {"EVENT-HUGE [events.jsonl:85]"}),
    "a number of ten thousand digits": (endless_number, {"JSON-HUGE [events.jsonl:85]"}),
    "an event that is no event": (lambda c: with_lines(c, [b"{}", *lines(c)[1:]]), {"EVENT-FORM [events.jsonl:1]"}),
    "an event that is no JSON": (lambda c: with_lines(c, [b"x", *lines(c)[1:]]), {"JSON-FORM [events.jsonl:1]"}),
    "an event of an unknown type": (
        lambda c: edited(c, b'"type":"pulls_listed"', b'"type":"pulls_hidden"'),
        {"EVENT-TYPE [events.jsonl:84]"},
    ),
    "an event filed under another clause": (
        lambda c: edited(c, b'"clauses":["P3"]', b'"clauses":["E1"]'),
        {"EVENT-TYPE [events.jsonl:91]"},
    ),
    "more events than anybody has": (lambda c: with_lines(c, [b""] * 100_001), {"EVENT-COUNT [events.jsonl]"}),
    "an event larger than a reader takes": (
        lambda c: with_lines(c, [b'"' + b"x" * (8 * 1024**2) + b'"']),
        {"JSON-SIZE [events.jsonl:1]"},
    ),
    "events of another campaign": (other_campaign, {"EVENT-CAMPAIGN [events.jsonl:1]"}),
    "another config": (swapped_config, {"CONFIG-ABSENT [campaign_opened]", "CONFIG-DIGEST [config.json]"}),
    "a config of another shape": (lambda c: with_file(c, "config.json", b"{}"), {"CONFIG-FORM [config.json]"}),
    "an earlier config under a false name": (
        lambda c: with_file(c, f"configs/{NOWHERE}.json", b"{}"),
        {"CONFIG-NAME [configs/0000000000000000000000000000000000000000000000000000000000000000.json]"},
    ),
    "the key of another log": (
        lambda c: with_file(c, "public-key.txt", key_of(c.year.signer)),
        {"KEY-FORM [kansho/sumida_2027]"},
    ),
    "another certificate": (
        changed_certificate,
        {
            "CERTIFICATE-DIGEST [certificate.json]",
            "CERTIFICATE-ROOT [certificate.json log_size]",
            "CERTIFICATE-SIGNATURE [certificate.sig]",
        },
    ),
    "a certificate that is no JSON": (
        lambda c: with_file(c, "certificate.json", b"x"),
        {
            "CERTIFICATE-DIGEST [certificate.json]",
            "CERTIFICATE-SIGNATURE [certificate.sig]",
            "JSON-FORM [certificate.json]",
        },
    ),
    "a document hidden": (
        lambda c: with_file(c, "documents.json", b'[{"name":"x"}]'),
        {"DOCUMENTS-DIFFER [documents.json]"},
    ),
    "the signature replaced": (
        lambda c: with_file(c, "certificate.sig", b"AAAA\n"),
        {"CERTIFICATE-SIGNATURE [certificate.sig]"},
    ),
    "only an older checkpoint": (older_checkpoint_only, {"CHECKPOINT-LAST [events.jsonl]"}),
    "an older checkpoint under the last one's name": (
        lambda c: with_file(c, last_checkpoint(c), c.year.checkpoint(3).encode()),
        {"CHECKPOINT-LAST [events.jsonl]", "CHECKPOINT-NAME [checkpoints/LAST.txt]"},
    ),
    "a checkpoint of another size under this name": (
        lambda c: with_file(c, FIFTH, c.year.checkpoint(3).encode()),
        {"CHECKPOINT-NAME [checkpoints/0000000005.txt]"},
    ),
    "a checkpoint of another campaign": (
        lambda c: with_file(c, THIRD, other_log_of_the_same_key(c).encode()),
        {"CHECKPOINT-ORIGIN [checkpoints/0000000003.txt]"},
    ),
    "a checkpoint that another key signed": (
        lambda c: with_file(c, THIRD, of_another_key().encode()),
        {"CHECKPOINT-SIGNATURE [checkpoints/0000000003.txt]"},
    ),
    "a broken checkpoint": (lambda c: with_file(c, THIRD, b"x"), {"CHECKPOINT-FORM [checkpoints/0000000003.txt]"}),
    "a time stamp about something else": (
        lambda c: with_file(c, "timestamps/0000000003.tsr", b"x"),
        {"TIMESTAMP-STRAY [timestamps/0000000003.tsr]"},
    ),
    "a countersignature nobody told of": (
        with_a_countersignature,
        {"COUNTERSIGNED-STRAY [countersigned/0000000003.txt]"},
    ),
}

#: What a contractor could write, and sign properly, as the year went on.
MISDEEDS: Mapping[str, tuple[Misdeed, set[str]]] = {
    **misdeeds_counts.MISDEEDS,
    "another campaign's certificate": (
        certificate_says("campaign", "sumida_2026"),
        {"CERTIFICATE-CAMPAIGN [certificate.json]"},
    ),
    "the certificate speaks of a shorter log": (
        certificate_says("log_size", 3),
        {"CERTIFICATE-ROOT [certificate.json log_size]"},
    ),
    "the certificate speaks of another log": (
        certificate_says("log_root", "0" * 64),
        {"CERTIFICATE-ROOT [certificate.json log_root]"},
    ),
    "the certificate tells another day": (
        certificate_says("erased_on", "2027-04-01"),
        {"CERTIFICATE-FACTS [certificate.json erased_on]"},
    ),
    "the certificate hides that it is a simulation": (
        certificate_says("simulation", ""),
        {"CERTIFICATE-FACTS [certificate.json simulation]"},
    ),
    "the certificate tells of a larger scan": (
        certificate_says("scan", {"files": 99, "bytes": 1000, "needles": 99, "hits": 0}),
        {"CERTIFICATE-FACTS [certificate.json scan]"},
    ),
    "the certificate claims a better method": (
        certificate_says("method", {"type": "Purge"}),
        {"CERTIFICATE-FACTS [certificate.json method]"},
    ),
    **{
        f"the certificate has another {field}": (
            certificate_says(field, value),
            {f"CERTIFICATE-FACTS [certificate.json {field}]"},
        )
        for field, value in (
            ("contractor", "株式会社見本保険"),
            ("ward", "隅田区"),
            ("places", ["本社情報管理室"]),
            ("contract", {"number": "1", "title": "別の業務"}),
            ("evidence_retained_until", "2029-03-31"),
            ("schema", 1),
            ("schema", True),
        )
    },
    "the certificate adds a claim": (
        certificate_says("restores", "none possible"),
        {"CERTIFICATE-EXTRA [certificate.json restores]"},
    ),
    "the certificate adds a claim whose name is one": (
        certificate_says("all backups destroyed", ""),
        {"CERTIFICATE-EXTRA [certificate.json name]"},
    ),
    "the certificate leaves out what it does not cover": (
        certificate_lacks("not_covered"),
        {"CERTIFICATE-FACTS [certificate.json not_covered]"},
    ),
    "the certificate in another form": (certificate_in_another_form, {"CERTIFICATE-FORM [certificate.json]"}),
    "the certificate's counts are others": (
        certificate_says("counts", {}),
        {"CERTIFICATE-COUNTS [certificate.json counts]"},
    ),
    "an unassigned user approved": (
        set_actor("approval_decided", "dag/run/print_package", "mitarai", "ward_officer"),
        {
            "APPROVAL-UNASSIGNED [approval_decided dag/run/print_package]",
            "APPROVAL-UNREAD [approval_decided dag/run/print_package]",
            "APPROVAL-UNREGISTERED [approval_decided dag/run/print_package]",
        },
    ),
    "a stranger approved": (
        set_actor("approval_decided", "dag/run/call_list", "nobody", "ward_officer"),
        {
            "APPROVAL-UNASSIGNED [approval_decided dag/run/call_list]",
            "APPROVAL-UNREAD [approval_decided dag/run/call_list]",
            "STATE-RELEASE-ROLE [package_handed_over call_centre/call_list/call_1-a1]",
        },
    ),
    "a decision by a look-alike": (
        set_actor("approval_decided", "dag/run/visit_halves", LOOKALIKE, OFFICER[2]),
        {
            "APPROVAL-UNASSIGNED [approval_decided dag/run/visit_halves]",
            "APPROVAL-UNREAD [approval_decided dag/run/visit_halves]",
            "EVENT-LOOKALIKE [approval_decided]",
        },
    ),
    "a user whose name only looks like another's": (
        set_actor("artefact_opened", f"dag/run/visit_halves/{OFFICER[1]}", LOOKALIKE, OFFICER[2]),
        {"APPROVAL-UNREAD [approval_decided dag/run/visit_halves]", "EVENT-LOOKALIKE [artefact_opened]"},
    ),
    "full-width digits in a code": (
        coded("wave_selected", "mailing_1", day="２０２７"),
        {"EVENT-LOOKALIKE [wave_selected]"},
    ),
    "prose in a code": (
        coded("gate_evaluated", "call_release/call_1-a1", result="合格"),
        {"EVENT-CONTENT [gate_evaluated]", "STATE-RELEASE-GATE [package_handed_over call_centre/call_list/call_1-a1]"},
    ),
    "approved blind": (
        dropped("artefact_opened", f"dag/run/visit_halves/{OFFICER[1]}"),
        {"APPROVAL-UNREAD [approval_decided dag/run/visit_halves]"},
    ),
    "approved after one page of a list": (
        counted("artefact_opened", f"dag/run/visit_halves/{OFFICER[1]}", first=1, last=500, of=9_499),
        {"APPROVAL-UNREAD [approval_decided dag/run/visit_halves]"},
    ),
    "approved after it had timed out": (
        voided_before("dag/run/visit_halves"),
        {"APPROVAL-VOIDED [approval_decided dag/run/visit_halves]"},
    ),
    "approved without a request": (
        dropped("approval_requested", "dag/run/visit_halves"),
        {
            "APPROVAL-UNREQUESTED [approval_decided dag/run/visit_halves]",
            "STATE-RELEASE-UNAPPROVED [package_handed_over visitors/visit_halves/visit_1-2027-10-13]",
        },
    ),
    "approved another thing": (
        changed("approval_decided", "dag/run/call_list", refs={"digest": "0" * 64}),
        {"APPROVAL-DIGEST [approval_decided dag/run/call_list]"},
    ),
    "one person for four eyes": (
        one_person_twice,
        {"STATE-ERASED-FOUR-EYES [snapshot_erased quarantine/target_list-d01]"},
    ),
    "second approval rejected": (
        coded("approval_decided", "dag/run/erase_contractor", decision="reject"),
        {
            "APPROVAL-FOUR-EYES [approval_decided dag/run/erase_ward]",
            "STATE-ERASED-UNAPPROVED [snapshot_erased quarantine/target_list-d01]",
            "STATE-PLAN-APPROVAL [approval_decided dag/run/erase_contractor]",
        },
    ),
    "erasure approved once": (
        dropped("approval_decided", "dag/run/erase_ward"),
        {"STATE-ERASED-UNAPPROVED [snapshot_erased quarantine/target_list-d01]"},
    ),
    "erased on the word of the wrong roles": (
        asked_instead("dag/run/erase_ward", OFFICER),
        {"STATE-ERASED-ROLE [snapshot_erased quarantine/target_list-d01]"},
    ),
    "erased under another plan": (
        coded("holding_erased", "roster/d01", plan="0" * 64),
        {"STATE-ERASED-OTHER-PLAN [holding_erased roster/d01]"},
    ),
    "a planned target not erased": (
        dropped("holding_erased", "roster/d01"),
        {
            "CERTIFY-INCOMPLETE [roster/d01]",
            "COUNT-ERASED [planned = erased]",
            "STATE-PLAN-UNFINISHED [erasure_planned plan-1]",
        },
    ),
    "erased what was not planned": (
        renamed("holding_erased", "roster/d01", "roster/other"),
        {
            "CERTIFY-INCOMPLETE [roster/d01]",
            "CUSTODY-UNKNOWN [holding_erased roster/other]",
            "STATE-ERASED-UNPLANNED [holding_erased roster/other]",
            "STATE-PLAN-UNFINISHED [erasure_planned plan-1]",
        },
    ),
    "erased without a plan": (
        dropped("erasure_planned"),
        {"CERTIFY-INCOMPLETE [erasure_planned]", "STATE-ERASED-UNPLANNED [snapshot_erased quarantine/target_list-d01]"},
    ),
    "erased before the receipt": (
        dropped("handover_receipted"),
        {"STATE-ERASED-UNRECEIPTED [snapshot_erased quarantine/target_list-d01]", *NOT_RECEIPTED},
    ),
    "a receipt of a hand-over that nobody made": (
        renamed("handover_receipted", "handover-1", "handover-99"),
        {"HANDOVER-RECEIPT-UNKNOWN [handover_receipted handover-99]", *NOT_RECEIPTED},
    ),
    "a receipt before its hand-over": (
        moved_before("handover_receipted", "handover-1", "package_handed_over", HANDED),
        {"HANDOVER-RECEIPT-UNKNOWN [handover_receipted handover-1]", *NOT_RECEIPTED},
    ),
    "results handed to another than the ward": (
        coded("package_handed_over", HANDED, party="contractor"),
        {
            "DEADLINE-HANDOVER [handover/ward]",
            "HANDOVER-RECEIPT-UNKNOWN [handover_receipted handover-1]",
            *(line for line in NOT_RECEIPTED if "EARLY" in line),
            "FLOW-RECEIVER [package_handed_over ward/handover/handover-1]",
        },
    ),
    "a receipt of other bytes": (
        lambda y: y.edit("handover_receipted", lambda e: replace(e, refs={**e.refs, "sha256_sealed": NOWHERE})),
        {"HANDOVER-RECEIPT-OTHER [handover_receipted handover-1]", *NOT_RECEIPTED},
    ),
    "a receipt of fewer rows": (
        counted("handover_receipted", rows_call_results=17),
        {"HANDOVER-RECEIPT-OTHER [handover_receipted handover-1]", *NOT_RECEIPTED},
    ),
    "a receipt that a person of the contractor recorded": (
        set_actor("handover_receipted", "handover-1", CONTRACTOR[1], CONTRACTOR[2]),
        {"HANDOVER-RECEIPT-SENDER [handover_receipted handover-1]", *NOT_RECEIPTED},
    ),
    "a receipt that the ward never sent": (
        dropped("package_received", "ward/handover_receipt/handover-1"),
        {"HANDOVER-RECEIPT-SENDER [handover_receipted handover-1]", *NOT_RECEIPTED},
    ),
    "a receipt that another sent": (
        coded("package_received", "ward/handover_receipt/handover-1", party="contractor"),
        {"HANDOVER-RECEIPT-SENDER [handover_receipted handover-1]", *NOT_RECEIPTED},
    ),
    "a second hand-over without a receipt": (
        handed_again(None),
        {"HANDOVER-UNRECEIPTED [package_handed_over ward/handover/handover-2]"},
    ),
    "a second hand-over receipted by ourselves": (
        handed_again(CONTRACTOR),
        {
            "HANDOVER-RECEIPT-SENDER [handover_receipted handover-2]",
            "HANDOVER-UNRECEIPTED [package_handed_over ward/handover/handover-2]",
        },
    ),
    "results after the receipt": (
        lambda y: inserted(y, "inventory_taken", "results_recorded", "c2", {"channel": "call"}),
        {"HANDOVER-STALE [results_recorded c2]"},
    ),
    "results after the erasure": (
        late("inbound_recorded", "i9"),
        {"HANDOVER-STALE [inbound_recorded i9]", "CUSTODY-USED-AFTER [inbound_recorded i9]"},
    ),
    "results stored after the hand-over": (
        moved_before("snapshot_stored", "call_results/c1", "inventory_taken", "inventory"),
        {
            "COUNT-HANDED [stored = handed back [call_results]]",
            "HANDOVER-ERASED-EARLY [snapshot_erased call_results/c1]",
            "HANDOVER-STALE [snapshot_stored call_results/c1]",
        },
    ),
    "results erased by the data flow before they were handed over": (
        all_of(
            moved_before("snapshot_erased", "call_results/c1", "package_handed_over", HANDED),
            coded("snapshot_erased", "call_results/c1", reason="retention"),
        ),
        {
            "HANDOVER-ERASED-EARLY [snapshot_erased call_results/c1]",
            "STATE-PLAN-TARGETS [erasure_planned plan-1]",
            "STATE-ERASED-REASON [snapshot_erased call_results/c1]",
        },
    ),
    "rows that were put aside erased before the receipt": (
        moved_before("snapshot_erased", "quarantine/call_results-c1", "handover_receipted", "handover-1"),
        {
            "HANDOVER-ERASED-EARLY [snapshot_erased quarantine/call_results-c1]",
            "STATE-ERASED-UNPLANNED [snapshot_erased quarantine/call_results-c1]",
            "STATE-ERASED-UNRECEIPTED [snapshot_erased quarantine/call_results-c1]",
            "CUSTODY-USED-AFTER [snapshot_stored plan_document/erasure-1]",
            "STATE-PLAN-AGAIN [erasure_planned plan-1]",
            "STATE-PLAN-AGAIN [inventory_taken inventory]",
            "STATE-NOT-RETURNED [medium_registered d01]",
        },
    ),
    "a hand-over of nothing": (
        handed_back(**dict.fromkeys(HANDED_BACK, 0)),
        {
            *(
                f"COUNT-HANDED [stored = handed back [{kind}]]"
                for kind in ("postings", "mail_returns", "wave_assignment", "call_results", "inbound_records")
            ),
            "COUNT-ASIDE [put aside = handed back [call_results]]",
            "COUNT-ASIDE [put aside = handed back [inbound_records]]",
            "COUNT-NOTES [notes held = told]",
            "COUNT-REFUSED [refused = handed back]",
        },
    ),
    "a comment that was not handed back": (
        lambda y: inserted(
            y, "plan_made", "comment_left", "proof/mailing_1-r1/yamanashi/001", {"of": "proof/mailing_1-r1"}
        ),
        {"COUNT-HANDED [stored = handed back [comment]]"},
    ),
    "visits handed back that nobody made": (
        handed_back(rows_visit_results=1),
        {"COUNT-HANDED [stored = handed back [visit_results]]"},
    ),
    "rows that were put aside kept back": (
        handed_back(rows_aside_call_results=0),
        {"COUNT-ASIDE [put aside = handed back [call_results]]"},
    ),
    "a refusal that the ward is not told": (handed_back(stops_refused=2), {"COUNT-REFUSED [refused = handed back]"}),
    "held notes that the ward is not told of": (handed_back(notes_held=0), {"COUNT-NOTES [notes held = told]"}),
    "results lost before they were stored": (
        all_of(counted("snapshot_stored", "call_results/c1", rows=17), handed_back(rows_call_results=17)),
        {"COUNT-STORED [told = stored [call_results/c1]]"},
    ),
    "enquiries lost before they were stored": (
        counted("inbound_recorded", "i0", records=5),
        {"COUNT-STORED [told = stored [inbound_records/i0]]"},
    ),
    "a held delivery used without a decision": (
        coded("gate_evaluated", "target_list/d01", result="hold"),
        {"STATE-GATE-BYPASSED [gate_evaluated target_list/d01]"},
    ),
    "a stopped delivery used": (
        coded("gate_evaluated", "target_list/d01", result="stop"),
        {"STATE-GATE-BYPASSED [gate_evaluated target_list/d01]"},
    ),
    "an exception without an end": (
        late("exception_opened", "d01/target_list/postal.ward", codes={"due": "2027-05-01"}),
        {"STATE-EXCEPTION-OPEN [exception_opened d01/target_list/postal.ward]"},
    ),
    "an incident closed without a full report": (
        dropped("report_submitted", "incident_final/sheet-1"),
        {"STATE-INCIDENT-UNREPORTED [incident_closed sheet-1]"},
    ),
    "an incident closed on a report with an empty item": (
        counted("report_submitted", "incident_final/sheet-1", empty_items=1),
        {"STATE-INCIDENT-UNREPORTED [incident_closed sheet-1]"},
    ),
    "cards released without approval": (
        dropped("approval_decided", "dag/run/print_package"),
        {"STATE-RELEASE-UNAPPROVED [package_handed_over printer/print_package/mailing_1]"},
    ),
    "cards released by another role": (
        asked_instead("dag/run/print_package", CONTRACTOR),
        {"STATE-RELEASE-ROLE [package_handed_over printer/print_package/mailing_1]"},
    ),
    "cards released on the opening's approval": (
        coded("package_handed_over", "printer/print_package/mailing_1", authority="dag/run/opening"),
        {"STATE-RELEASE-OTHER [package_handed_over printer/print_package/mailing_1]"},
    ),
    "a list released on the decision about another round": (
        lambda y: y.edit("approval_requested", other_round, "dag/run/call_list"),
        {"STATE-RELEASE-OTHER [package_handed_over call_centre/call_list/call_1-a1]"},
    ),
    "a list released by another role": (
        asked_instead("dag/run/call_list", OFFICER),
        {"STATE-RELEASE-ROLE [package_handed_over call_centre/call_list/call_1-a1]"},
    ),
    "a list released without a gate": (
        dropped("gate_evaluated", "call_release/call_1-a1"),
        {"STATE-RELEASE-UNGATED [package_handed_over call_centre/call_list/call_1-a1]"},
    ),
    "cards released through a stopped gate": (
        coded("gate_evaluated", "print_release/mailing_1", result="stop"),
        {"STATE-RELEASE-GATE [package_handed_over printer/print_package/mailing_1]"},
    ),
    "cards released through a gate that was asked again about the same print run": (
        all_of(coded("gate_evaluated", "print_release/mailing_1", result="stop"), asked_again),
        {"STATE-RELEASE-GATE [package_handed_over printer/print_package/mailing_1]"},
    ),
    "the cards that the gate stopped, packed although all was printed again": (
        printed_again("cards-loss_frame-01.pdf"),
        {"STATE-RELEASE-GATE [package_handed_over printer/print_package/mailing_1]"},
    ),
    "a visit list the ward never saw": (
        dropped("approval_decided", "dag/run/visit_halves"),
        {"STATE-RELEASE-UNAPPROVED [package_handed_over visitors/visit_halves/visit_1-2027-10-13]"},
    ),
    "a visit list through a stopped gate": (
        coded("gate_evaluated", "visit_release/visit_1", result="stop"),
        {"STATE-RELEASE-GATE [package_handed_over visitors/visit_halves/visit_1-2027-10-13]"},
    ),
    "a party without consent": (
        dropped("party_registered", "printer"),
        {
            "STATE-CONSENT [package_handed_over printer/print_package/mailing_1]",
            "CUSTODY-PARTY [package_received printer/erasure_certificate/c1]",
            "STATE-CONSENT [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "a party given a work it has no consent for": (
        coded("party_registered", "printer", works="sealing"),
        {
            "STATE-CONSENT-WORK [package_handed_over printer/print_package/mailing_1]",
            "STATE-CONSENT-WORK [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "a party consented to afterwards": (
        coded("party_registered", "printer", consented_on="2027-06-30"),
        {
            "STATE-CONSENT-CLAUSES [package_handed_over printer/print_package/mailing_1]",
            "STATE-CONSENT-CLAUSES [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "a party bound by no clauses": (
        coded("party_registered", "printer", clauses=""),
        {
            "STATE-CONSENT-CLAUSES [package_handed_over printer/print_package/mailing_1]",
            "STATE-CONSENT-CLAUSES [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "a party whose contract carries another version of the clauses": (
        coded("party_registered", "printer", clauses="kansho-hei-v0"),
        {
            "STATE-CONSENT-CLAUSES [package_handed_over printer/print_package/mailing_1]",
            "STATE-CONSENT-CLAUSES [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "an opening that binds no clauses": (
        coded("campaign_opened", "sumida_2027", clauses=""),
        {"STATE-CLAUSES-UNBOUND [campaign_opened]"},
    ),
    "an opening that binds clauses without their data": (
        coded("campaign_opened", "sumida_2027", clauses_sha256="0" * 63),
        {"STATE-CLAUSES-UNBOUND [campaign_opened]"},
    ),
    "an opening that does not say what binds 丙": (
        coded("campaign_opened", "sumida_2027", subcontract_clauses=""),
        {
            "STATE-CLAUSES-UNBOUND [campaign_opened]",
            "STATE-CONSENT-CLAUSES [package_handed_over call_centre/call_list/call_1-a1]",
            "STATE-CONSENT-CLAUSES [package_handed_over printer/print_package/mailing_1]",
            "STATE-CONSENT-CLAUSES [package_handed_over visitors/visit_halves/visit_1-2027-10-13]",
            "STATE-CONSENT-CLAUSES [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "other clauses than the contract's": (
        coded("campaign_opened", "sumida_2027", clauses="tokki-2020"),
        {"STATE-CLAUSES-OTHER [campaign_opened]"},
    ),
    "results from a party nobody knows": (
        late("package_received", "nobody/call_results/c9", codes={"party": "nobody", "kind": "call_results"}),
        {"CUSTODY-PARTY [package_received nobody/call_results/c9]"},
    ),
    "丙 given something after its certificate": (
        moved_to_the_end("package_handed_over", "printer/print_package/mailing_1"),
        {
            "CUSTODY-CERTIFICATE-EARLY [package_handed_over printer/print_package/mailing_1]",
            "CUSTODY-COPY [package_erased printer/print_package/mailing_1]",
            "CUSTODY-USED-ERASED [package_handed_over printer/print_package/mailing_1]",
            "PAPERS-WORDS [printer: packages]",
            "CUSTODY-USED-AFTER [package_handed_over printer/print_package/mailing_1]",
            "WORK-UNSENT [print_reported mailing_1]",
            "WORK-UNSENT [pulls_listed mailing_1]",
        },
    ),
    **{
        f"丙's certificate of another {name}": (
            certified_otherwise("printer", lambda words, name=name: words.update({name: "other"})),
            {f"PAPERS-WORDS [printer: {name}]"},
        )
        for name in sorted(FIELDS)
    },
    **{
        f"丙's certificate without its {name}": (
            certified_otherwise("printer", lambda words, name=name: words.pop(name) and None),
            {f"PAPERS-WORDS [printer: {name}]"},
        )
        for name in sorted(FIELDS)
    },
    "丙's certificate of a package it was not given": (
        certified_otherwise("printer", lambda words: words["packages"].append("print_package/x")),
        {"PAPERS-WORDS [printer: packages]"},
    ),
    "丙's certificate with words that nobody asked for": (
        certified_otherwise("printer", lambda words: words.update(note="all is well")),
        {"PAPERS-WORDS [printer: fields]"},
    ),
    "丙's certificate that is a list": (
        certified_otherwise("printer", b"[]"),
        {f"PAPERS-WORDS [printer: {' '.join(sorted(FIELDS))}]"},
    ),
    "丙's certificate that nobody can read": (
        certified_otherwise("printer", b"{"),
        {"JSON-FORM [documents/certificate-printer.json]"},
    ),
    "丙's certificate told by another digest than it was issued with": (
        lambda y: y.edit("certificate_received", lambda e: replace(e, refs={**e.refs, "sha256": NOWHERE}), "printer"),
        {"PAPERS-PARTY [printer]"},
    ),
    "丙's signed paper told by another digest than it was issued with": (
        lambda y: y.edit("certificate_received", lambda e: replace(e, refs={**e.refs, "sha256_pdf": ""}), "printer"),
        {"PAPERS-PARTY [printer]"},
    ),
    **{
        f"丙's {what} taken in and never issued": (
            dropped("document_issued", name.format("printer")),
            {"PAPERS-PARTY [printer]", *beside},
        )
        for what, name, beside in (("words", WORDS, ()), ("paper", SIGNED, UNSHOWN))
    },
    **{
        f"certified without issuing {name}": (
            lambda y, name=name: setattr(y, "spoiled", {f"documents/{name}": None}),
            {f"PAPERS-UNISSUED [documents/{name}]"},
        )
        for name in OF_THE_END
    },
    **{
        f"certified with another {name}": (
            lambda y, name=name: setattr(y, "spoiled", {f"documents/{name}": b"x"}),
            {f"PAPERS-OTHER [documents/{name}]"},
        )
        for name in OF_THE_END[1:]
    },
    "丙's paper neither issued nor told": (
        passed_over("printer"),
        {*UNSHOWN, "PAPERS-PARTY [printer]"},
    ),
    "丙's certificate behind a kinder one of the same name": (
        shadowed("printer"),
        {"PAPERS-CHANGED [papers/certificate-printer.json]", "PAPERS-NAME [certificate-printer.json]"},
    ),
    "a paper issued under a name that leads out of the folder": (
        lambda y: y.issue("documents/../x.pdf", "closing_slip") and None,
        {"PAPERS-NAME [documents/../x.pdf]", "BUNDLE-EXTRA [papers/../x.pdf]"},
    ),
    "a deed by hand whose paper was issued as another kind": (
        coded("document_issued", DISSOLVED, kind="certificate_request"),
        {"PAPERS-HAND [paper/visit-sheets]"},
    ),
    "a deed by hand whose paper somebody is said to keep": (
        kept_by("contractor", "paper/visit-sheets", DISSOLVED),
        {
            "PAPERS-HAND [paper/visit-sheets]",
            "STATE-MANUAL-PAPER [paper/visit-sheets]",
        },
    ),
    "a certificate of 丙 missing": (
        dropped("certificate_received", "visitors"),
        {
            "COUNT-CERTIFIED [packages handed over = certified [visitors]]",
            "DEADLINE-CERTIFICATE [certificate/visitors]",
            "STATE-CERTIFICATE-MISSING [visitors]",
        },
    ),
    "a certificate of 丙 late and not told": (
        on("certificate_received", "2028-01-29", "visitors"),
        {"DEADLINE-CERTIFICATE [certificate_received visitors]"},
    ),
    "a holding kept": (
        dropped("snapshot_erased", "roster/d01"),
        {
            "COUNT-SNAPSHOTS [snapshots stored = erased]",
            "DEADLINE-ERASE-BY [erase_by/roster/d01]",
            "STATE-NOT-ERASED [snapshot_stored roster/d01]",
        },
    ),
    "a holding used after its erasure": (
        late("stage_finished", "mailing_9", refs=uses("roster/d01")),
        {"CUSTODY-USED-ERASED [stage_finished mailing_9]"},
    ),
    "a holding made of what was erased before": (
        moved_before("snapshot_erased", "raw_target_list/d01", "snapshot_stored", "quarantine/target_list-d01"),
        {
            "CUSTODY-USED-ERASED [snapshot_stored quarantine/target_list-d01]",
            "STATE-ERASED-REASON [snapshot_erased raw_target_list/d01]",
        },
    ),
    "a derived copy that names nothing it was made of": (
        made_of("roster/d01"),
        {"CUSTODY-ORPHAN [snapshot_stored roster/d01]"},
    ),
    "a derived copy of which the parents are left out": (
        changed("snapshot_stored", "roster/d01", refs={"holding": {**holding("roster/d01"), **ROSTER, "rows": 97}}),
        {"CUSTODY-ORPHAN [snapshot_stored roster/d01]"},
    ),
    "a derived copy that calls itself an original": (
        changed("snapshot_stored", "roster/d01", refs={"holding": {**holding("artwork/d01"), **ROSTER, "rows": 97}}),
        {"CUSTODY-ORPHAN [snapshot_stored roster/d01]", "STATE-ERASED-HOLDING [snapshot_erased roster/d01]"},
    ),
    "a derived copy made of what was never registered": (
        made_of("roster/d01", "raw_target_list/d01", "raw_target_list/d77"),
        {"CUSTODY-PARENT [snapshot_stored roster/d01]"},
    ),
    "a derived copy made of itself": (
        made_of("roster/d01", "roster/d01"),
        {"CUSTODY-PARENT [snapshot_stored roster/d01]"},
    ),
    "a derived copy made of what was registered only later": (
        made_of("raw_target_list/d01", "roster/d01"),
        {"CUSTODY-PARENT [snapshot_stored raw_target_list/d01]"},
    ),
    "a derived copy made of other bytes than the registered": (
        made_of("roster/d01", "raw_target_list/d01", digest=NOWHERE),
        {"CUSTODY-PARENT [snapshot_stored roster/d01]"},
    ),
    "a holding stored after the key was destroyed": (
        late(
            "snapshot_stored",
            "roster/d02",
            codes=KEPT,
            refs={"holding": {**holding("roster/d02"), "rows": 0}},
            names={"purpose": "勧奨対象の管理"},
        ),
        {
            "CUSTODY-ORPHAN [snapshot_stored roster/d02]",
            "COUNT-SNAPSHOTS [snapshots stored = erased]",
            "CUSTODY-KEY-USED [snapshot_stored roster/d02]",
            "DEADLINE-ERASE-BY [erase_by/roster/d02]",
            "STATE-NOT-ERASED [snapshot_stored roster/d02]",
            "STATE-UNGATED [snapshot_stored roster/d02]",
            "CUSTODY-USED-AFTER [snapshot_stored roster/d02]",
        },
    ),
    "a holding erased that never was": (
        late("snapshot_erased", "roster/d77", codes=DELETED),
        {
            "CUSTODY-UNKNOWN [snapshot_erased roster/d77]",
            "STATE-SCAN-EARLY [snapshot_erased roster/d77]",
        },
    ),
    "a working file kept beyond its day": (
        on("snapshot_erased", "2027-07-20", "raw_target_list/d01"),
        {"DEADLINE-ERASE-BY [snapshot_erased raw_target_list/d01]"},
    ),
    "a working file's day moved": (
        lasting("raw_target_list/d01", "2027-12-31"),
        {
            "FLOW-ERASE-BY [snapshot_stored raw_target_list/d01]",
            "STATE-ERASED-REASON [snapshot_erased raw_target_list/d01]",
        },
    ),
    "a working file without a day": (
        lasting("raw_target_list/d01", ""),
        {
            "DEADLINE-ERASE-BY [snapshot_erased raw_target_list/d01]",
            "FLOW-ERASE-BY [snapshot_stored raw_target_list/d01]",
            "STATE-ERASED-REASON [snapshot_erased raw_target_list/d01]",
        },
    ),
    "a working file nobody approved": (
        coded("snapshot_stored", "raw_target_list/d01", holder="printer", place="print_works"),
        {"FLOW-UNAPPROVED [snapshot_stored raw_target_list/d01]"},
    ),
    "stored at a place nobody designated": (
        coded("snapshot_stored", "roster/d01", place="garage"),
        {"FLOW-UNAPPROVED [snapshot_stored roster/d01]", "PLACE-UNDESIGNATED [snapshot_stored roster/d01]"},
    ),
    "handed to a party without a place": (
        dropped("place_designated", "print_works"),
        {
            "PLACE-UNDESIGNATED [handler_registered h06]",
            "PLACE-UNDESIGNATED [manual_target_closed party/printer]",
            "PLACE-UNDESIGNATED [package_handed_over printer/print_package/mailing_1]",
            "PLACE-UNDESIGNATED [package_handed_over printer/pull_list/mailing_1]",
        },
    ),
    "closed by hand where nobody designated a place": (
        coded("manual_target_closed", "hand/backup_disk", place="garage"),
        {"PLACE-UNDESIGNATED [manual_target_closed hand/backup_disk]"},
    ),
    "a medium kept": (
        dropped("medium_returned"),
        {
            "COUNT-MEDIA [media = returned]",
            "DEADLINE-MEDIUM [medium_return/d01]",
            "STATE-NOT-RETURNED [medium_registered d01]",
        },
    ),
    "a medium returned late and not told": (
        on("medium_returned", "2028-01-30"),
        {"DEADLINE-MEDIUM [medium_returned d01]"},
    ),
    "a medium returned that never came": (
        late("medium_returned", "d77"),
        {
            "COUNT-MEDIA [media = returned]",
            "CUSTODY-MEDIUM [medium_returned d77]",
            "STATE-RETURN-PAPER [medium_returned d77]",
        },
    ),
    "a delivery from no registered medium": (
        dropped("medium_registered"),
        {
            "COUNT-MEDIA [media = returned]",
            "CUSTODY-MEDIUM [medium_returned d01]",
            "WORK-MEDIUM [delivery_accepted d01]",
        },
    ),
    "a delivery without a password of its own": (dropped("password_entered"), {"WORK-MEDIUM [delivery_accepted d01]"}),
    **{
        f"the key {name} kept": (
            dropped("keys_destroyed", name),
            {"COUNT-KEYS [keys = destroyed]", "STATE-KEY-KEPT [campaign_certified certificate]"}
            | {f"CERTIFY-INCOMPLETE [{'residue_scanned' if name == 'needles' else name}]"},
        )
        for name in PERSONAL_KEYS
    },
    **{
        f"the key {name} called destroyed, {told}": (
            coded("keys_destroyed", name, **codes),
            {f"CERTIFY-INCOMPLETE [{name}]", f"STATE-UNVERIFIED [keys_destroyed {name}]"},
        )
        for name in PERSONAL_KEYS
        for told, codes in (("and still there", {"verified": "present"}), ("by no method", {"method": "none"}))
    },
    "a holding erased by no method": (
        coded("holding_erased", "roster/d01", method="none"),
        {"CERTIFY-INCOMPLETE [roster/d01]", "STATE-UNVERIFIED [holding_erased roster/d01]"},
    ),
    "a holding erased and not looked for": (
        coded("holding_erased", "roster/d01", verified=""),
        {"CERTIFY-INCOMPLETE [roster/d01]", "STATE-UNVERIFIED [holding_erased roster/d01]"},
    ),
    **{
        f"a working file erased by its day, {told}": (
            coded("snapshot_erased", "raw_target_list/d01", **codes),
            {"CERTIFY-INCOMPLETE [raw_target_list/d01]", "STATE-UNVERIFIED [snapshot_erased raw_target_list/d01]"},
        )
        for told, codes in (
            ("by no method", {"method": "none"}),
            ("as if its key were gone", {"method": CRYPTO_ERASE}),
            ("and not looked for", {"verified": ""}),
            ("and nobody knows whether it was there", {"found": ""}),
        )
    },
    "a scan years later, behind an interim certification of nothing": (
        scan_years_later_behind_an_interim,
        {"STATE-DATE [residue_scanned scan-1]", "STATE-INTERIM [interim_certified interim]"},
    ),
    "certified years later, behind an interim certification of nothing": (
        certified_years_later_behind_an_interim,
        {
            "DEADLINE-ERASURE [campaign_certified certificate]",
            "STATE-DATE [campaign_certified certificate]",
            "STATE-INTERIM [interim_certified interim]",
        },
    ),
    "a key whose deletion is pending called destroyed": (
        lambda y: inserted(y, "keys_destroyed", "key_deletion_scheduled", "health", {"until": "2028-02-29"}),
        {"CUSTODY-KEY-PENDING [keys_destroyed health]"},
    ),
    "a key called destroyed before the order to delete it can have been done": (
        lambda y: inserted(y, "keys_destroyed", "key_deletion_ordered", "health", {"until": "2028-02-29"}),
        {"CUSTODY-KEY-PENDING [keys_destroyed health]"},
    ),
    "a key that was called destroyed lives and is ordered to be deleted": (
        late("key_deletion_ordered", "health", codes={"until": "2028-01-31"}),
        {"CUSTODY-KEY-ALIVE [key_deletion_ordered health]"},
    ),
    "a key that was called destroyed lives and is scheduled": (
        late("key_deletion_scheduled", "health", codes={"until": "2028-01-31"}),
        {"CUSTODY-KEY-ALIVE [key_deletion_scheduled health]", "STATE-KEY-PENDING [campaign_certified]"},
    ),
    "a key that a service does not know, and was never told to delete": (
        coded("keys_destroyed", "health", method="key-service"),
        {"CUSTODY-KEY-UNSCHEDULED [keys_destroyed health]"},
    ),
    "keys with a service, all called destroyed at once": (
        coded("keys_created", "keys", keeper="kms"),
        {f"CUSTODY-KEY-UNSCHEDULED [keys_destroyed {name}]" for name in PERSONAL_KEYS},
    ),
    "certified while a key's deletion was scheduled": (
        only_scheduled("health", "2028-02-29"),
        {
            "COUNT-KEYS [keys = destroyed]",
            "STATE-KEY-KEPT [campaign_certified certificate]",
            "STATE-KEY-PENDING [campaign_certified]",
        },
    ),
    "nobody is named": (
        dropped("erasure_attended"),
        {"CERTIFY-INCOMPLETE [erasure_attended]", "STATE-UNATTENDED [campaign_certified]"},
    ),
    "one person erased and checked": (
        coded("erasure_attended", "closing", verifier="tsukumo"),
        {"STATE-ATTENDED [erasure_attended]"},
    ),
    "closed by hand without saying how": (
        coded("manual_target_closed", "hand/backup_disk", method=""),
        {"STATE-MANUAL-FORM [hand/backup_disk]"},
    ),
    "closed by hand by no method": (
        coded("manual_target_closed", "hand/backup_disk", method="nothing"),
        {"STATE-MANUAL-METHOD [hand/backup_disk]"},
    ),
    "closed by hand by nobody, before nobody": (
        coded("manual_target_closed", "hand/backup_disk", by="noone", witness="nobody"),
        {"STATE-MANUAL-PEOPLE [hand/backup_disk]"},
    ),
    "closed by hand before somebody nobody registered": (
        coded("manual_target_closed", "hand/backup_disk", witness="nobody"),
        {"STATE-MANUAL-PEOPLE [hand/backup_disk]"},
    ),
    "done and witnessed by one person": (
        coded("manual_target_closed", "hand/backup_disk", witness="h03"),
        {
            "STATE-MANUAL-FORM [hand/backup_disk]",
            "STATE-MANUAL-NAMES [hand/backup_disk]",
        },
    ),
    "a party's machines erased by one of ours": (
        coded("manual_target_closed", "party/printer", by="h04"),
        {
            "PAPERS-WORDS [printer: by]",
            "STATE-MANUAL-PEOPLE [party/printer]",
            "STATE-MANUAL-NAMES [party/printer]",
        },
    ),
    "a medium destroyed instead of returned": (
        coded("manual_target_closed", "medium/d01", method="physical_destruction"),
        {"STATE-MANUAL-RETURN [medium/d01]"},
    ),
    "cards that came back, received by one of ours": (
        coded("manual_target_closed", "paper/returned-cards", witness="h04"),
        {
            "STATE-MANUAL-RETURN [paper/returned-cards]",
            "STATE-MANUAL-NAMES [paper/returned-cards]",
        },
    ),
    "a paper whose digest is none": (
        changed("manual_target_closed", "party/printer", refs={"sha256": "seen"}),
        {"PAPERS-HAND [party/printer]", "STATE-MANUAL-PAPER [party/printer]"},
    ),
    "a paper that nobody keeps": (
        coded("manual_target_closed", "party/printer", document="held:nobody"),
        {"STATE-MANUAL-PAPER [party/printer]"},
    ),
    "a paper with other bytes than were issued": (
        changed("manual_target_closed", "hand/backup_disk", refs={"sha256": "0" * 64}),
        {"PAPERS-HAND [hand/backup_disk]", "STATE-MANUAL-PAPER [hand/backup_disk]"},
    ),
    "returned before it came": (
        coded("manual_target_closed", "medium/d01", on="2027-04-01"),
        {"STATE-MANUAL-DATE [medium/d01]"},
    ),
    "destroyed later than it was told": (
        coded("manual_target_closed", "hand/backup_disk", on="2028-02-28"),
        {"STATE-MANUAL-DATE [hand/backup_disk]"},
    ),
    "a declared backup left": (
        dropped("manual_target_closed", "hand/backup_disk"),
        {"STATE-MANUAL-OPEN [campaign_certified]"},
    ),
    "traces kept": (
        dropped("traces_purged"),
        {
            "CERTIFY-INCOMPLETE [traces_purged]",
            "COUNT-TRACES [traces found = removed + left [attempt-1/airflow-logs]]",
            "COUNT-TRACES [traces found = removed + left [attempt-1/airflow-metadata]]",
            "COUNT-TRACES [traces found = removed + left [attempt-2/airflow-metadata]]",
            "STATE-TRACES [campaign_certified certificate]",
            "STATE-TRACES-LEFT [campaign_certified]",
        },
    ),
    "traces that were left": (
        counted("traces_purged", "attempt-2", **{"rows.removed": 9, "rows.left": 1}),
        {"CERTIFY-INCOMPLETE [airflow-metadata]", "STATE-TRACES-LEFT [campaign_certified]"},
    ),
    "a purge that tells no kind of database": (
        coded("traces_purged", "attempt-2", database=""),
        {"STATE-TRACES-OTHER [inventory_taken inventory]", "STATE-TRACES-DATABASE [campaign_certified]"},
    ),
    "a database that was seen said not to be there": (
        coded("traces_purged", "attempt-2", database="none"),
        {"STATE-TRACES-OTHER [inventory_taken inventory]", "STATE-TRACES-DATABASE [campaign_certified]"},
    ),
    "no scan": (
        dropped("residue_scanned"),
        {"CERTIFY-INCOMPLETE [residue_scanned]", "STATE-UNSCANNED [campaign_certified certificate]"},
    ),
    "residue found": (
        counted("residue_scanned", hits=1),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "STATE-RESIDUE [residue_scanned scan-1]",
            "STATE-SCAN-FORM [residue_scanned scan-1]",  # no place tells of it
        },
    ),
    "a file not read": (
        counted("residue_scanned", unread=1),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "STATE-RESIDUE [residue_scanned scan-1]",
            "STATE-SCAN-FORM [residue_scanned scan-1]",
        },
    ),
    "a scan of nothing for nothing": (
        scan_of({}, needles=0),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "STATE-SCAN-NEEDLES [residue_scanned scan-1]",
            "STATE-SCAN-PLACES [residue_scanned scan-1]",
        },
    ),
    "a scan that says nothing but that nothing was found": (
        changed("residue_scanned", counts={"hits": 0}, refs={}),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "STATE-SCAN-FORM [residue_scanned scan-1]",
            "STATE-SCAN-NEEDLES [residue_scanned scan-1]",
            "STATE-SCAN-PLACES [residue_scanned scan-1]",
        },
    ),
    "a scan for fewer values than there were people": (
        scan_of(PLACES, needles=96),
        {"CERTIFY-INCOMPLETE [residue_scanned]", "STATE-SCAN-NEEDLES [residue_scanned scan-1]"},
    ),
    **{
        f"a scan that left out {place}": (
            scan_without(place),
            {"CERTIFY-INCOMPLETE [residue_scanned]", "STATE-SCAN-PLACES [residue_scanned scan-1]"},
        )
        for place in PLACES
        if place != "kansho/needles"  # nothing lies there for long
    },
    "a scan of empty folders": (
        scan_of(dict.fromkeys(PLACES, (0, 0))),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "STATE-SCAN-PLACES [residue_scanned scan-1]",
            "STATE-SCAN-FEW [residue_scanned scan-1]",
        },
    ),
    "a scan without the database that was purged": (
        coded("traces_purged", "attempt-2", place="database"),
        {"CERTIFY-INCOMPLETE [residue_scanned]", "STATE-SCAN-PLACES [residue_scanned scan-1]"},
    ),
    "an incident left open": (dropped("incident_closed"), {"STATE-INCIDENT-OPEN [incident_opened sheet-1]"}),
    "an incident the ward was not told of": (
        dropped("report_submitted", "incident_notice/sheet-1"),
        {"DEADLINE-INCIDENT [incident_notice/sheet-1]"},
    ),
    "a print report that says that cards are lost, and no incident": (
        late("package_refused", LOST, codes={"party": "printer", "kind": "print_report", "code": "PRINT-COUNT"}),
        {f"STATE-INCIDENT-UNOPENED [package_refused {LOST}]"},
    ),
    "a column of no contract refused, and no incident": (
        late("delivery_refused", "d02", codes={"delivery": "d02", "code": "INTAKE-COLUMN-FORBIDDEN"}),
        {"STATE-INCIDENT-UNOPENED [delivery_refused d02]"},
    ),
    "an incident of another kind than the refusal": (
        all_of(
            late("delivery_refused", "d02", codes={"delivery": "d02", "code": "INTAKE-MYNUMBER"}),
            coded("incident_opened", "sheet-1", kind="other"),
            renamed_incident("delivery-d02"),
        ),
        {"STATE-INCIDENT-UNOPENED [delivery_refused d02]"},
    ),
    "an incident whose clocks start after it was opened": (
        coded("incident_opened", "sheet-1", known_on="2027-06-10"),
        {"STATE-INCIDENT-KNOWN [incident_opened sheet-1]"},
    ),
    "an incident known before the contract": (
        all_of(
            coded("incident_opened", "sheet-1", known_on="2027-03-31"),
            late("deadline_missed", "incident_notice/sheet-1", codes={"due": "2027-03-31", "clause": "P9"}),
            late("deadline_missed", "incident_report/sheet-1", codes={"due": "2027-04-03", "clause": "P9"}),
        ),
        {"STATE-INCIDENT-KNOWN [incident_opened sheet-1]"},
    ),
    "an incident of a refusal whose clocks start on a later day": (
        all_of(
            refused_before("2027-05-01", "INTAKE-COLUMN-FORBIDDEN", "d02"),
            coded("incident_opened", "sheet-1", kind="over_provision"),
            renamed_incident("delivery-d02"),
        ),
        {"STATE-INCIDENT-KNOWN [incident_opened delivery-d02]"},
    ),
    "an incident known days before the ward was told, and no word of it": (
        coded("incident_opened", "sheet-1", known_on="2027-06-01"),
        {
            "DEADLINE-INCIDENT [report_submitted incident_notice/sheet-1]",
            "DEADLINE-INCIDENT [incident_reported sheet-1]",
        },
    ),
    "an incident reported late and not told": (
        on("incident_reported", "2027-06-13"),
        {"DEADLINE-INCIDENT [incident_reported sheet-1]"},
    ),
    **{
        f"a real year with {what}": (
            all_of(coded("campaign_opened", "sumida_2027", simulation="false"), coded("keys_created", "keys", **said)),
            {"STATE-CLOCK [event]", "STATE-UNPROTECTED [keys_created keys]"},  # its days are no clock's
        )
        for what, said in (
            ("keys in plain files", {"keeper": "files"}),
            ("keys that nobody says how they are kept", {"keeper": ""}),
            ("a lock that can be lifted", {"lock": "GOVERNANCE"}),
        )
    },
    "keys that a rotation wrapped worse than before": (
        late("keys_rotated", "rotation/1", codes={"keeper": "files"}),
        {"STATE-WEAKENED [keys_rotated rotation/1]"},
    ),
    **{
        f"a protection bound weaker than at the opening: {what}": (
            late("protection_changed", "protection/1", codes=said),
            {"STATE-WEAKENED [protection_changed protection/1]"},
        )
        for what, said in (
            ("keys in plain files", {"keeper": "files", "lock": "COMPLIANCE"}),
            ("a lock that can be lifted", {"keeper": "passphrase", "lock": "GOVERNANCE"}),
            ("no lock", {"lock": "none"}),
        )
    },
    "certified while a weakened protection was not put right": (
        late("protection_weakened", "protection/1", codes={"lock": "GOVERNANCE", "weaker": "lock"}),
        {"STATE-WEAKENED [campaign_certified certificate]"},
    ),
    "work before the ward approved the opening": (
        dropped("approval_decided", "dag/run/opening"),
        {"STATE-UNOPENED [delivery_accepted d01]"},
    ),
    "work although the ward sent the opening back": (
        coded("approval_decided", "dag/run/opening", decision="reject"),
        {"STATE-UNOPENED [delivery_accepted d01]"},
    ),
    "not begun with the opening": (
        dropped("campaign_opened"),
        {"CONFIG-DIGEST [config.json]", "STATE-CLOCK [event]", "STATE-FIRST [event]"},
    ),
    "outside the contract": (on("call_list_made", "2028-03-01"), {"STATE-DATE [call_list_made call_1-a1]"}),
    "a real year on other days than those on which it was recorded": (
        all_of(
            coded("campaign_opened", "sumida_2027", simulation="false"), changed("call_list_made", recorded_at=EARLY)
        ),
        {"STATE-CLOCK [event]", "STATE-CLOCK-BACKWARDS [call_list_made]"},
    ),
    "a clock that runs backwards in silence": (
        changed("call_list_made", recorded_at=EARLY),
        {"STATE-CLOCK-BACKWARDS [call_list_made]"},
    ),
    "a key of the signer nobody bound": (dropped("keys_created"), {"KEY-UNBOUND [public-key.txt]"}),
    "an event twice": (late("password_entered", "d01-1"), {"EVENT-TWICE [password_entered]"}),
    "a negative count": (
        counted("inventory_taken", media=-1),
        {"COUNT-INVENTORY [inventory = sum of its kinds]", "COUNT-NEGATIVE [inventory_taken]"},
    ),
    "a person handled data untrained": (
        dropped("training_recorded", "h06"),
        {"OVERSIGHT-TRAINING [handler_registered h06]"},
    ),
    "a person trained after being assigned": (
        coded("training_recorded", "h06", on="2027-04-02"),
        {"OVERSIGHT-TRAINING [handler_registered h06]"},
    ),
    "a person not told of secrecy": (
        dropped("briefing_recorded", "h06"),
        {"OVERSIGHT-BRIEFING [handler_registered h06]"},
    ),
    "somebody who left was not told that secrecy goes on": (
        left("h06", "2027-08-31"),
        {"DEADLINE-LEAVER [leaver_briefing/h06]"},
    ),
    "a finding corrected by nobody": (
        coded("inspection_recorded", "correction/audit/printer/logs", done_by=""),
        {"OVERSIGHT-CORRECTION-FORM [inspection_recorded correction/audit/printer/logs]"},
    ),
    "a correction without a paper": (
        changed("inspection_recorded", "correction/audit/printer/logs", refs={}),
        {"OVERSIGHT-CORRECTION-FORM [inspection_recorded correction/audit/printer/logs]"},
    ),
    "a correction with a paper of no digest": (
        changed("inspection_recorded", "correction/audit/printer/logs", refs={"evidence": "z" * 64}),
        {"OVERSIGHT-CORRECTION-FORM [inspection_recorded correction/audit/printer/logs]"},
    ),
    "a correction dated before the audit": (
        coded("inspection_recorded", "correction/audit/printer/logs", on="2027-06-01"),
        {"OVERSIGHT-CORRECTION [inspection_recorded correction/audit/printer/logs]"},
    ),
    "a working file made for no purpose": (
        changed("snapshot_stored", "roster/d01", codes={n: v for n, v in KEPT.items() if n != "purpose"}),
        {"FLOW-PURPOSE [snapshot_stored roster/d01]"},
    ),
    "a working file made for a purpose that nobody knows": (
        coded("snapshot_stored", "roster/d01", purpose="marketing"),
        {"FLOW-PURPOSE [snapshot_stored roster/d01]"},
    ),
    "a working file of another purpose than the flow's": (
        changed("snapshot_stored", "roster/d01", names={"purpose": "訪問の委託"}),
        {"FLOW-PURPOSE [snapshot_stored roster/d01]"},
    ),
    "a copy with a party for no purpose": (
        changed("package_handed_over", PRINTED, names={}),
        {f"FLOW-PURPOSE [package_handed_over {PRINTED}]"},
    ),
    "a copy with a party that comes from nowhere": (
        changed("package_handed_over", PRINTED, refs={}),
        {f"FLOW-COPY-ORPHAN [package_handed_over {PRINTED}]"},
    ),
    "a copy with a party made of what was not there": (
        changed("package_handed_over", PRINTED, refs=uses("roster/d02")),
        {f"FLOW-COPY-PARENT [package_handed_over {PRINTED}]"},
    ),
    "a copy with a party made of other bytes than the registered": (
        changed("package_handed_over", PRINTED, refs=uses("roster/d01")),
        {f"FLOW-COPY-PARENT [package_handed_over {PRINTED}]"},
    ),
    "a copy that was kept longer than the flow allows": (
        coded("package_handed_over", "printer/print_package/mailing_1", erase_by="2027-12-01"),
        {"FLOW-ERASE-BY [package_handed_over printer/print_package/mailing_1]"},
    ),
    "a copy that the flow does not name": (
        coded("package_handed_over", "printer/print_package/mailing_1", kind="roster"),
        {
            "FLOW-UNAPPROVED [package_handed_over printer/print_package/mailing_1]",
            "PAPERS-WORDS [printer: packages]",
            "WORK-UNSENT [print_reported mailing_1]",
            "WORK-UNSENT [pulls_listed mailing_1]",
        },
    ),
    "a copy that a party never said to be gone": (
        dropped("package_erased", "visitors/visit_halves/visit_1-2027-10-13"),
        {
            "DEADLINE-COPY [copy_erase/visitors/visit_halves/visit_1-2027-10-13]",
            "STATE-COPY-KEPT [package_handed_over visitors/visit_halves/visit_1-2027-10-13]",
        },
    ),
    "a copy erased late, and nobody says so": (
        told_at_the_end("package_erased", "call_centre/call_list/call_1-a1", on="2027-08-09"),
        {"DEADLINE-COPY [package_erased call_centre/call_list/call_1-a1]"},
    ),
    "a copy erased before it was given": (
        coded("package_erased", "call_centre/call_list/call_1-a1", on="2027-04-01"),
        {"CUSTODY-COPY-DATE [package_erased call_centre/call_list/call_1-a1]"},
    ),
    "a copy erased later than it was told": (
        coded("package_erased", "call_centre/call_list/call_1-a1", on="2027-08-09"),
        {
            "CUSTODY-COPY-DATE [package_erased call_centre/call_list/call_1-a1]",
            "DEADLINE-COPY [package_erased call_centre/call_list/call_1-a1]",
        },
    ),
    "a copy erased that was never given": (
        late("package_erased", "printer/print_package/mailing_9", codes={"on": "2027-07-09"}),
        {"CUSTODY-COPY [package_erased printer/print_package/mailing_9]"},
    ),
    "a returned card that nobody handed over": (
        counted("custody_moved", "cards-r1-1", pieces=1),
        {"COUNT-CARDS [cards returned = cards in custody [r1]]"},
    ),
    "returned cards of which no hand-over is told": (
        dropped("custody_moved"),
        {"COUNT-CARDS [cards returned = cards in custody [r1]]"},
    ),
    "cards handed over of a list that never came": (
        late("custody_moved", "cards-r9-1", counts={"pieces": 1}, codes={"list": "r9"}),
        {"CUSTODY-CARDS [custody_moved cards-r9-1]"},
    ),
    "a visiting sheet kept back from the shredder": (
        counted("manual_target_closed", "paper/visit-sheets", items=3),
        {"COUNT-PAPER [paper in custody = closed by hand [paper/visit-sheets]]"},
    ),
    "a returned card that the ward never got": (
        counted("manual_target_closed", "paper/returned-cards", items=1),
        {"COUNT-PAPER [paper in custody = closed by hand [paper/returned-cards]]"},
    ),
    "somebody who left is still registered": (
        dropped("handler_registered", "h09/2"),
        {"OVERSIGHT-LEAVER [handler_registered h09]", "OVERSIGHT-LEAVER-FORM [briefing_recorded h09/2]"},
    ),
    "nobody told the one who left by the configuration": (
        dropped("briefing_recorded", "h09/2"),
        {"DEADLINE-LEAVER [leaver_briefing/h09]"},
    ),
    "somebody who left told themself": (
        coded("briefing_recorded", "h09/2", by="h09"),
        {"OVERSIGHT-LEAVER-FORM [briefing_recorded h09/2]"},
    ),
    "a leaver's word without a paper": (
        changed("briefing_recorded", "h09/2", refs={}),
        {"OVERSIGHT-LEAVER-FORM [briefing_recorded h09/2]"},
    ),
    "乙 never inspected": (
        dropped("inspection_recorded", "ward_inspection/contractor"),
        {"DEADLINE-INSPECTION [ward_inspection/contractor]"},
    ),
    "a check of a day that had not come": (
        coded("inspection_recorded", "ward_check/printer", on="2027-09-17"),
        {
            "DEADLINE-INSPECTION [inspection_recorded ward_check/printer]",
            "OVERSIGHT-INSPECTION-DAY [inspection_recorded ward_check/printer]",
        },
    ),
    "an inspection without its paper": (
        changed("inspection_recorded", "ward_inspection/contractor", refs={}),
        {"OVERSIGHT-INSPECTION-PAPER [inspection_recorded ward_inspection/contractor]"},
    ),
    "an audit whose paper's digest is none": (
        changed("audit_recorded", "audit/printer", refs={"sha256": "e" * 63}),
        {"OVERSIGHT-INSPECTION-PAPER [audit_recorded audit/printer]"},
    ),
    "an attestation without its paper": (
        changed("attestation_recorded", "printer/2027-06", refs={"evidence": {"logs": "L-1"}}),
        {"OVERSIGHT-ATTESTATION-PAPER [attestation_recorded printer/2027-06]"},
    ),
    "an attestation of a day that had not come": (
        all_of(
            coded("attestation_recorded", "printer/2027-06", attested_on="2027-08-01"),
            late("deadline_missed", "attestation/printer/2027-06", codes={"due": "2027-07-09", "clause": "P15"}),
        ),
        {"OVERSIGHT-ATTESTATION-DAY [attestation_recorded printer/2027-06]"},
    ),
    "an inspection from before the contract": (
        coded("inspection_recorded", "ward_inspection/contractor", on="2027-03-31"),
        {
            "DEADLINE-INSPECTION [ward_inspection/contractor]",
            "OVERSIGHT-INSPECTION-DAY [inspection_recorded ward_inspection/contractor]",
        },
    ),
    "an inspection too late": (
        all_of(
            coded("inspection_recorded", "ward_inspection/contractor", on="2027-12-26"),
            on("inspection_recorded", "2027-12-27", "ward_inspection/contractor"),
        ),
        {"DEADLINE-INSPECTION [inspection_recorded ward_inspection/contractor]"},
    ),
    "丙 never checked by the ward": (
        dropped("inspection_recorded", "ward_check/visitors"),
        {"DEADLINE-INSPECTION [ward_check/visitors]"},
    ),
    "丙 never audited": (dropped("audit_recorded", "audit/call_centre"), {"DEADLINE-AUDIT [audit/call_centre]"}),
    "a finding never corrected": (
        dropped("inspection_recorded", "correction/audit/printer/logs"),
        {"DEADLINE-CORRECTION [correction/audit/printer/logs]"},
    ),
    "a finding corrected too late": (
        coded("inspection_recorded", "correction/audit/printer/logs", on="2027-07-03"),
        {"DEADLINE-CORRECTION [inspection_recorded correction/audit/printer/logs]"},
    ),
    "a visiting day without a checklist": (
        dropped("checklist_recorded"),
        {"OVERSIGHT-CHECKLIST [sheets_out visit_1/2027-10-13/1]"},
    ),
    "a checklist with an answer left out": (
        changed("checklist_recorded", codes={"strap": "yes", "chain": "yes", "net": "yes"}),
        {"OVERSIGHT-CHECKLIST [sheets_out visit_1/2027-10-13/1]"},
    ),
    "a month nobody attested": (
        dropped("attestation_recorded", "printer/2027-08"),
        {"DEADLINE-ATTESTATION [attestation/printer/2027-08]"},
    ),
    "a month attested too late": (
        coded("attestation_recorded", "printer/2027-08", attested_on="2027-09-10"),
        {"DEADLINE-ATTESTATION [attestation_recorded printer/2027-08]"},
    ),
    "a month attested before it began": (
        coded("attestation_recorded", "printer/2027-08", attested_on="2027-07-31"),
        {"DEADLINE-ATTESTATION [attestation/printer/2027-08]"},
    ),
    "an erasure dated back by a word beside it": (
        all_of(
            on("snapshot_erased", "2027-07-20", "raw_target_list/d01"),
            coded("snapshot_erased", "raw_target_list/d01", on="2027-07-01"),
        ),
        {"DEADLINE-ERASE-BY [snapshot_erased raw_target_list/d01]"},
    ),
    "a month without its report": (
        dropped("report_submitted", "monthly/2027-08"),
        {"DEADLINE-REPORT [monthly_report/2027-08]"},
    ),
    "a report too late": (
        on("report_submitted", "2027-09-11", "monthly/2027-08"),
        {"DEADLINE-REPORT [report_submitted monthly/2027-08]"},
    ),
    "handed back too late": (
        on("package_handed_over", "2028-01-26", "ward/handover/handover-1"),
        {"DEADLINE-HANDOVER [package_handed_over ward/handover/handover-1]"},
    ),
    "certified after the contract": (
        lambda y: setattr(y, "today", date(2028, 2, 1)),
        {"DEADLINE-ERASURE [campaign_certified certificate]", "STATE-DATE [campaign_certified certificate]"},
    ),
    "a wave by a plan the ward had not approved": (
        dropped("approval_decided", "dag/run/plan"),
        {
            "WORK-PLAN [document_issued plan-1.pdf]",
            "WORK-PLAN [wave_selected call_1]",
            "WORK-PLAN [wave_selected mailing_1]",
            "WORK-PLAN [wave_selected visit_1]",
        },
    ),
    "a wave by another plan": (
        coded("wave_selected", "call_1", plan="plan-2"),
        {
            "COUNT-CANDIDATES [candidates <= roster [call_1]]",
            "WORK-PLAN [wave_selected call_1]",
            "WORK-PLAN-UNGATED [wave_selected call_1]",
        },
    ),
    "a plan let out without its gate": (
        dropped("gate_evaluated", "plan_release/plan-1"),
        {
            "WORK-PLAN-UNGATED [document_issued plan-1.pdf]",
            "WORK-PLAN-UNGATED [wave_selected call_1]",
            "WORK-PLAN-UNGATED [wave_selected mailing_1]",
            "WORK-PLAN-UNGATED [wave_selected visit_1]",
        },
    ),
    "a plan let out through a stopped gate": (
        coded("gate_evaluated", "plan_release/plan-1", result="stop"),
        {
            "WORK-PLAN-GATE [document_issued plan-1.pdf]",
            "WORK-PLAN-GATE [wave_selected call_1]",
            "WORK-PLAN-GATE [wave_selected mailing_1]",
            "WORK-PLAN-GATE [wave_selected visit_1]",
        },
    ),
    "a plan whose gate was evaluated afterwards": (
        moved_to_the_end("gate_evaluated", "plan_release/plan-1"),
        {
            "WORK-PLAN-UNGATED [document_issued plan-1.pdf]",
            "WORK-PLAN-UNGATED [wave_selected call_1]",
            "WORK-PLAN-UNGATED [wave_selected mailing_1]",
            "WORK-PLAN-UNGATED [wave_selected visit_1]",
            "CUSTODY-USED-AFTER [gate_evaluated plan_release/plan-1]",
        },
    ),
    "a wave beyond its capacity": (
        counted("wave_selected", "visit_1", candidates=61, assigned=61),
        {
            "COUNT-SELECTED [assigned = selected [visit_1]]",
            "COUNT-STORED [told = stored [wave_assignment/visit_1]]",
            "WORK-CAPACITY [wave_selected visit_1]",
        },
    ),
    "a wave selected too late": (on("wave_selected", "2027-08-17", "call_1"), {"DEADLINE-WAVE [wave_selected call_1]"}),
    "cards reported too late": (on("print_reported", "2027-06-26"), {"DEADLINE-PRINT [print_reported mailing_1]"}),
    "posted without pulling anybody out": (
        dropped("pulls_listed"),
        {
            "COUNT-PULLED [pulls listed = withdrawn + pulled [mailing_1]]",
            "WORK-PULLS [print_reported mailing_1]",
            "COUNT-GIVEN [pulls listed = handed over [printer/pull_list/mailing_1]]",
        },
    ),
    "people held out without the ward's consent": (
        dropped("holdout_consented"),
        {"WORK-HOLDOUT [wave_selected mailing_1]"},
    ),
    "a seed committed when the plan was known": (
        moved_to_the_end("seed_committed", "seed"),
        {"WORK-SEED [wave_selected mailing_1]"},
    ),
    "a figure without its cut-off": (
        changed("effect_analysed", codes={"wave": "mailing_1"}),
        {"WORK-CUTOFF [effect_analysed 2028-01-20/mailing_1/all]"},
    ),
    "a report of the effect without its gate": (
        dropped("gate_evaluated", "effect_release/2028-01-20"),
        {"WORK-EFFECT-UNGATED [document_issued reports/effect-2028-01-20.pdf]"},
    ),
    "a report of the effect behind another day's gate": (
        renamed("gate_evaluated", "effect_release/2028-01-20", "effect_release/2028-01-10"),
        {"WORK-EFFECT-UNGATED [document_issued reports/effect-2028-01-20.pdf]"},
    ),
    "a report of the effect through a stopped gate": (
        coded("gate_evaluated", "effect_release/2028-01-20", result="stop"),
        {"WORK-EFFECT-GATE [document_issued reports/effect-2028-01-20.pdf]"},
    ),
    "a report of the effect that a gate held, decided or not": (
        coded("gate_evaluated", "effect_release/2028-01-20", result="hold"),
        {"WORK-EFFECT-GATE [document_issued reports/effect-2028-01-20.pdf]"},
    ),
    "a report of the effect that nobody approved": (
        dropped("approval_decided", "dag/run/report-2028-01-20"),
        {"WORK-EFFECT-UNAPPROVED [document_issued reports/effect-2028-01-20.pdf]"},
    ),
    "an effect that was never analysed": (dropped("effect_analysed"), {"DEADLINE-EFFECT [effect_report/2028-01-20]"}),
    "read for a purpose nobody knows": (
        read_as("curiosity"),
        {"STATE-READ-PURPOSE [snapshot_read roster/d01@curiosity/system]"},
    ),
    "read for a purpose of another role": (
        read_as("desk_review"),
        {"STATE-READ-ROLE [snapshot_read roster/d01@desk_review/system]"},
    ),
    "read by a purpose that does not use it": (
        read_as("config_amendment"),
        {"STATE-READ-CLASS [snapshot_read roster/d01@config_amendment/system]"},
    ),
    "read by somebody nobody registered": (
        read_as("desk_review", by=("contractor", "ghost", CLERK[2])),
        {"STATE-READ-UNREGISTERED [snapshot_read roster/d01@desk_review/ghost]"},
    ),
    "read by somebody who had left": (
        all_of(left("h04", "2027-04-20"), read_as("desk_review", by=CLERK)),
        {"STATE-READ-ENDED [snapshot_read roster/d01@desk_review/teshigawara]"},
    ),
    "read in another's name": (
        read_as("segmentation", key="roster/d01@segmentation/watanuki"),
        {"STATE-READ-KEY [snapshot_read roster/d01@segmentation/watanuki]"},
    ),
    "read what was never registered": (
        read_as("segmentation", name="roster/d77"),
        {"STATE-READ-UNKNOWN [snapshot_read roster/d77@segmentation/system]"},
    ),
    "read after it was erased": (
        late("snapshot_read", "roster/d01@validation/system", codes={"purpose": "validation"}, refs=ROSTER),
        {"STATE-READ-ERASED [snapshot_read roster/d01@validation/system]"},
    ),
    "sheets that do not balance": (
        counted("sheets_in", sheets=3),
        {
            "COUNT-PAPER [paper in custody = closed by hand [paper/visit-sheets]]",
            "COUNT-SHEETS [sheets out = sheets in [visit_1/2027-10-13/1]]",
        },
    ),
    "a sheet that comes in and never went out": (
        late("sheets_in", "visit_9/2027-10-13/1"),
        {"CUSTODY-SHEETS [sheets_in visit_9/2027-10-13/1]"},
    ),
    "sheets back before they went": (
        moved_to_the_end("sheets_out", "visit_1/2027-10-13/1"),
        {"CUSTODY-SHEETS [sheets_in visit_1/2027-10-13/1]", "CUSTODY-USED-AFTER [sheets_out visit_1/2027-10-13/1]"},
    ),
    "rows that vanish at intake": (
        counted("delivery_accepted", rows_target_list=101),
        {"COUNT-DELIVERED [delivered = accepted + quarantined [d01/target_list]]"},
    ),
    "people whom no delivery brought": (
        counted("gate_evaluated", "target_list/d01", accepted=96, quarantined=4),
        {
            "COUNT-PERSONS [accepted + added = roster [plan-1]]",
            "COUNT-PERSONS [accepted = stored [roster/d01]]",
            "COUNT-STORED [put aside by the gate = stored [target_list/d01]]",
        },
    ),
    "people without an outcome": (
        counted("plan_made", kenshin=79),
        {"COUNT-ROSTER [roster = sum of outcomes [plan-1]]"},
    ),
    "candidates that vanish": (
        counted("wave_selected", "mailing_1", candidates=81),
        {"COUNT-CANDIDATES [candidates = assigned + held_out + not_contactable + over_capacity [mailing_1]]"},
    ),
    "cards for other people than selected": (
        counted("cards_prepared", selected=61, unprintable=3),
        {"COUNT-SELECTED [assigned = selected [mailing_1]]"},
    ),
    "cards neither printable nor unprintable": (
        counted("cards_prepared", unprintable=1),
        {"COUNT-PRINTABLE [selected = printable + unprintable [mailing_1]]"},
    ),
    "other cards reported than prepared": (
        counted("print_reported", printable=57),
        {"COUNT-REPORTED [printable = printable reported [mailing_1]]"},
    ),
    "cards printed beyond the order": (
        counted("print_reported", printed=60, posted=56),
        {
            "COUNT-PRINTED [printed = printable - withdrawn + reprinted [mailing_1]]",
            "COUNT-STORED [told = stored [postings/mailing_1]]",
        },
    ),
    "cards that do not balance": (
        counted("print_reported", posted=54),
        {
            "COUNT-POSTED [printed = posted + pulled + spoiled [mailing_1]]",
            "COUNT-STORED [told = stored [postings/mailing_1]]",
        },
    ),
    "visits neither listed nor refused": (
        counted("visit_list_made", not_visited=1),
        {"COUNT-VISITS [selected = listed + not_visited [visit_1]]"},
    ),
    "results that vanish": (
        counted("results_recorded", rows=20),
        {"COUNT-RESULTS [rows = accepted + quarantined [c1]]"},
    ),
    "an inventory that does not add up": (
        counted("inventory_taken", holdings=13),
        {"COUNT-INVENTORY [inventory = sum of its kinds]"},
    ),
    "a holding in the vault left out of the plan": (
        counted("erasure_planned", targets=2),
        {"COUNT-ERASED [planned = erased]", "COUNT-PLANNED [holdings in the vault = planned]"},
    ),
    "media that do not balance": (
        late("medium_registered", "d09", codes={"delivery": "d09"}),
        {
            "COUNT-MEDIA [media = returned]",
            "DEADLINE-MEDIUM [medium_return/d09]",
            "STATE-MANUAL-OPEN [campaign_certified]",
            "STATE-NOT-RETURNED [medium_registered d09]",
        },
    ),
    "a key more than was destroyed": (
        counted("inventory_taken", keys=5, holdings=15 + len(RESULTS)),
        {"COUNT-KEYS [keys = destroyed]"},
    ),
    "a package left out of the inventory": (
        counted("inventory_taken", packages=3, holdings=9 + len(RESULTS) + len(PERSONAL_KEYS)),
        {"COUNT-PACKAGES [packages at others = inventoried]"},
    ),
    "fewer packages certified than handed over": (
        counted("certificate_received", "printer", packages=0),
        {
            "COUNT-CERTIFIED [packages handed over = certified [printer]]",
            "STATE-CERTIFICATE-SENDER [certificate_received printer]",
        },
    ),
    "one party certified what lay with another": (
        surplus_hides_a_lack,
        {
            "COUNT-CERTIFIED [packages handed over = certified [printer]]",
            "COUNT-CERTIFIED [packages handed over = certified [visitors]]",
            "STATE-CERTIFICATE-SENDER [certificate_received printer]",
            "STATE-CERTIFICATE-SENDER [certificate_received visitors]",
        },
    ),
    "traces that do not balance": (
        counted("traces_purged", **{"rows.removed": 0}),
        {"COUNT-TRACES [traces found = removed + left [attempt-1/airflow-metadata]]"},
    ),
    "traces that were purged and not counted before": (
        dropped("traces_found", "attempt-1"),
        {
            "COUNT-TRACES [traces found = removed + left [attempt-1/airflow-logs]]",
            "COUNT-TRACES [traces found = removed + left [attempt-1/airflow-metadata]]",
            "STATE-TRACES-FEWER [inventory_taken inventory]",
        },
    ),
    **misdeeds_finish.MISDEEDS,
    **misdeeds_order.MISDEEDS,
    **misdeeds_parties.MISDEEDS,
}

#: What only shows beside something that the ward kept, or in what the bundle says of the ward.
BESIDE: Mapping[str, tuple[Beside, set[str]]] = {
    "no bundle at all": (lambda c: Given(None), {"BUNDLE-ABSENT [evidence.zip]"}),
    "the kept checkpoint's file is not there": (lambda c: Given(c.data, [None]), {"CHECKPOINT-ABSENT [kept-0.txt]"}),
    "a kept checkpoint that is none": (lambda c: Given(c.data, ["x"]), {"KEPT-FORM [kept-0.txt]"}),
    "a kept checkpoint of another key": (lambda c: Given(c.data, [of_another_key()]), {"KEPT-SIGNATURE [kept-0.txt]"}),
    "a kept checkpoint of another campaign": (
        lambda c: Given(c.data, [other_log_of_the_same_key(c)]),
        {"KEPT-ORIGIN [kept-0.txt]"},
    ),
    "a tail cut off and signed anew": (
        lambda c: Given(rewritten(c, dropped("residue_scanned")), [c.kept]),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "LOG-CUT [kept-0.txt]",
            "STATE-UNSCANNED [campaign_certified certificate]",
        },
    ),
    "a log written anew": (
        lambda c: Given(rewritten(c, counted("call_list_made", withdrawn=1)), [c.kept]),
        {"LOG-FORKED [kept-0.txt]"},
    ),
    "a fork: the ward saw another log": (lambda c: Given(c.data, [other_side(c)]), {"LOG-FORKED [kept-0.txt]"}),
    "a log signed anew by another key": (lambda c: Given(by_another_key(c)), {"KEY-UNBOUND [public-key.txt]"}),
    "a log signed anew, and the ward's checkpoint": (
        lambda c: Given(by_another_key(c), [c.kept]),
        {"KEPT-SIGNATURE [kept-0.txt]", "KEY-UNBOUND [public-key.txt]"},
    ),
    "a log shorter than the ward's paper": (
        lambda c: Given(rewritten(c, dropped("residue_scanned")), papers=[paper(c)]),
        {
            "CERTIFY-INCOMPLETE [residue_scanned]",
            "LOG-CUT [paper 1]",
            "STATE-UNSCANNED [campaign_certified certificate]",
        },
    ),
    "a log written anew, and the ward's paper": (
        lambda c: Given(rewritten(c, counted("call_list_made", withdrawn=1)), papers=[paper(c)]),
        {"LOG-FORKED [paper 1]"},
    ),
    "a paper that is none": (lambda c: Given(c.data, papers=["last year's"]), {"KEPT-FORM [paper 1]"}),
    "a paper of another campaign": (
        lambda c: Given(c.data, papers=[f"kansho/sumida_2026 {paper(c)}"]),
        {"KEPT-ORIGIN [paper 1]"},
    ),
    "the ward's key file is not there": (
        lambda c: Given(c.data, ward_key_absent=True),
        {"WARD-KEY-ABSENT [no-key.txt]"},
    ),
    "a ward's key that is none": (lambda c: Given(c.data, ward_key=b"x"), {"KEY-FORM [kansho/sumida_2027/ward]"}),
    "a ward's key that signed nothing": (
        lambda c: Given(c.data, ward_key=key_of(WARD)),
        {"WARD-KEY-UNUSED [--ward-key]"},
    ),
    "a ward's key that the log gives to another": (
        lambda c: Given(with_the_wards(c, THIEF), ward_key=key_of(WARD)),
        {"WARD-KEY-OTHER [event]", "WARD-KEY-SIGNATURE [countersigned/0000000003.txt]"},
    ),
    "a countersignature by another than the ward": (
        lambda c: Given(c.data, [cosign(c.kept, THIEF)], ward_key=key_of(WARD)),
        {"WARD-KEY-SIGNATURE [kept-0.txt]"},
    ),
    "a countersignature taken out": (
        lambda c: Given(with_the_wards(c, WARD, keep=False)),
        {"COUNTERSIGNED-MISSING [countersigned/0000000003.txt]"},
    ),
    "a countersignature on another log": (
        lambda c: Given(with_the_wards(c, WARD, drop=THIRD)),
        {"COUNTERSIGNED-OTHER [countersigned/0000000003.txt]"},
    ),
    "a countersignature the registered key did not make": (
        lambda c: Given(with_the_wards(c, WARD, signs=THIEF)),
        {"COUNTERSIGNED-SIGNATURE [countersigned/0000000003.txt]"},
    ),
    "the configuration before left out": (
        lambda c: Given(amended(c, lambda y: setattr(y, "earlier", ()))),
        {
            "APPROVAL-UNASSIGNED [approval_decided dag/run/amendment]",
            "APPROVAL-UNASSIGNED [approval_decided dag/run/opening]",
            "CONFIG-ABSENT [campaign_opened]",
            "HANDLER-UNKNOWN [handler_registered h01]",
        },
    ),
    "a configuration changed without a decision": (
        lambda c: Given(amended(c, dropped("approval_decided", "dag/run/amendment"))),
        {"STATE-AMENDMENT-UNAPPROVED [config_amended]"},
    ),
    "clauses whose data was edited before the change": (
        lambda c: Given(amended(c, coded("config_amended", c.year.config.digest, clauses_sha256="0" * 64))),
        {"STATE-CLAUSES-OTHER [config_amended]"},
    ),
    "a change that binds no clauses": (
        lambda c: Given(amended(c, coded("config_amended", c.year.config.digest, clauses=""))),
        {"STATE-CLAUSES-UNBOUND [config_amended]"},
    ),
    "a configuration changed on another decision": (
        lambda c: Given(amended(c, on_another_decision)),
        {"STATE-AMENDMENT-OTHER [config_amended]"},
    ),
    "something after the end": (
        lambda c: Given(after_the_end(c)),
        {"STATE-AFTER-END [call_list_made late]", "CUSTODY-USED-AFTER [call_list_made late]"},
    ),
    "never certified": (lambda c: Given(uncertified(c)), {"STATE-UNCERTIFIED [events]"}),
}


@pytest.fixture(scope="module")
def lawful(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


def case_of(lawful: Year) -> Case:
    year = replace(lawful, events=list(lawful.events))
    certificate = year.finish()
    return Case(year, certificate, year.files(certificate), year.checkpoint(len(year.events)))


def told(folder: Path, given: Given) -> list[Finding]:
    """What the verifier finds in what an auditor has on the table."""
    bundle = folder / "evidence.zip"
    if given.data is not None:
        bundle.write_bytes(given.data)
    kept = []
    for number, text in enumerate(given.kept):
        kept.append(folder / f"kept-{number}.txt")
        if text is not None:
            kept[-1].write_text(text, encoding="utf-8")
    key = folder / "ward-key.txt" if given.ward_key is not None else None
    key = folder / "no-key.txt" if given.ward_key_absent else key
    if key is not None and given.ward_key is not None:
        key.write_bytes(given.ward_key)
    return judge_bundle(bundle, kept, key, given.papers)[1]


def said(findings: list[Finding], last: int) -> set[str]:
    """``CODE [place]`` of each, without numbers of events; the last checkpoint under the name LAST."""
    lines = (f"{f.code} [{re.sub(r'^event [0-9]+ ?', '', f.place) or 'event'}]" for f in findings)
    return {line.replace(f"{last:010d}", "LAST") for line in lines}


def test_an_honest_year_passes_whatever_is_laid_beside_it(lawful: Year, tmp_path: Path) -> None:
    case = case_of(lawful)
    given = Given(case.data, [case.kept, case.year.checkpoint(7)], [paper(case), f"7 {root_at(case, 7)}"])
    assert told(tmp_path, given) == []
    assert told(tmp_path, Given(with_the_wards(case_of(lawful), WARD), ward_key=key_of(WARD))) == []
    assert told(tmp_path, Given(amended(case_of(lawful), lambda year: None))) == []
    stopped = replace(lawful, events=list(lawful.events))
    printed_again("cards-p02-loss_frame-01.pdf")(stopped)
    assert told(tmp_path, Given(stopped.files(stopped.finish()))) == []


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_forged_bundle_is_told_exactly(name: str, lawful: Year, tmp_path: Path) -> None:
    attack, expected = FORGERIES[name]
    case = case_of(lawful)
    assert said(told(tmp_path, Given(attack(case))), len(case.year.events)) == expected


@pytest.mark.parametrize("name", MISDEEDS)
def test_a_misdeed_that_is_properly_signed_is_told_exactly(name: str, lawful: Year, tmp_path: Path) -> None:
    misdeed, expected = MISDEEDS[name]
    year = replace(lawful, events=list(lawful.events))
    misdeed(year)
    assert said(told(tmp_path, Given(year.files(year.finish()))), len(year.events)) == expected


@pytest.mark.parametrize("name", BESIDE)
def test_what_shows_beside_the_wards_own_is_told_exactly(name: str, lawful: Year, tmp_path: Path) -> None:
    attack, expected = BESIDE[name]
    case = case_of(lawful)
    size = len(case.year.events)
    assert said(told(tmp_path, attack(case)), size) == expected


EXPECTED = {line for table in (FORGERIES, MISDEEDS, BESIDE) for _, lines in table.values() for line in lines}
#: Raised inside, and told under another code.
TOLD_OTHERWISE = {"CHECKPOINT-COSIGNATURE"}


def test_a_configuration_that_the_log_never_bound_is_no_part_of_a_bundle(lawful: Year, tmp_path: Path) -> None:
    case = case_of(lawful)
    dump = case.year.config.model_dump(mode="json")
    other = config_json({**dump, "contract": {**dump["contract"], "number": "鬼怒川綾乃助"}})
    name = f"configs/{sha256(other)}.json"
    (found,) = told(tmp_path, Given(with_file(case, name, other)))
    assert (found.code, found.place) == ("BUNDLE-EXTRA", name)


def test_every_code_is_found_by_an_attack() -> None:
    assert {line.partition(" [")[0] for line in EXPECTED} == raised_codes() - TOLD_OTHERWISE


def test_every_clause_that_can_pass_can_fail() -> None:
    """No row is there for show: some attack of the table turns each of them."""
    findings = [Finding(code, f"event 1 {place[:-1]}", "") for code, _, place in (e.partition(" [") for e in EXPECTED)]
    failed = {row.clause for row in verdict([], findings).rows if row.state == "fail"}
    assert failed == {"evidence", *TITLES} - set(ELSEWHERE)
