"""What the documents of the deployment grant is what the code calls; what a refusal points to is there."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from kansho.reference.raised import SOURCES, raised
from tests.conftest import REPOSITORY

POLICIES = REPOSITORY / "deploy" / "policies"
VAULT = REPOSITORY / "include" / "kansho" / "vault"
PAGES = ("run-on-s3.md", "keep-keys.md")
PERSONAL, EVIDENCE = "kansho-personal", "kansho-evidence"

#: boto3's calls → the actions that IAM asks for (Service Authorization Reference; with versions, retention, tags).
ACTIONS: dict[str, set[str]] = {
    "put_object": {"s3:PutObject"},
    "put_object_retention": {"s3:PutObjectRetention"},
    "get_object": {"s3:GetObject"},
    "head_object": {"s3:GetObject", "s3:GetObjectVersion"},
    "list_objects_v2": {"s3:ListBucket"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "delete_objects": {"s3:DeleteObjectVersion"},
    "delete_object": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "create_multipart_upload": {"s3:PutObject"},
    "upload_part": {"s3:PutObject"},
    "complete_multipart_upload": {"s3:PutObject"},
    "abort_multipart_upload": {"s3:AbortMultipartUpload"},
    "list_multipart_uploads": {"s3:ListBucketMultipartUploads"},
    "get_bucket_versioning": {"s3:GetBucketVersioning"},
    "get_object_lock_configuration": {"s3:GetBucketObjectLockConfiguration"},
    "create_key": {"kms:CreateKey", "kms:TagResource"},
    "encrypt": {"kms:Encrypt"},
    "decrypt": {"kms:Decrypt"},
    "re_encrypt": {"kms:ReEncryptFrom", "kms:ReEncryptTo"},
    "schedule_key_deletion": {"kms:ScheduleKeyDeletion"},
    "describe_key": {"kms:DescribeKey"},
    "list_keys": {"kms:ListKeys"},
    "list_resource_tags": {"kms:ListResourceTags"},
}
#: A write under a lock asks for one more, and so does whoever wants to see the lock.
LOCKED, SEEN = {"s3:PutObjectRetention"}, {"s3:GetObjectRetention"}


def calls(*modules: str) -> set[str]:
    """Names of boto3's calls in modules of the vault: methods of a client, and names given to `_call`."""
    found = set()
    for module in modules:
        for node in ast.walk(ast.parse((VAULT / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                if owner.lstrip("_") == "client" and node.attr not in ("meta",):
                    found.add(node.attr)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_call":
                name = node.args[0]
                assert isinstance(name, ast.Constant), "a call that nobody can read off the source"
                found.add(str(name.value))
    return found


def needed(*modules: str) -> set[str]:
    return set().union(*(ACTIONS[name] for name in calls(*modules)))


S3_MODULES = sorted(p.stem for p in VAULT.glob("s3*.py")) + ["buckets"]


def statements(name: str) -> list[dict[str, Any]]:
    said = json.loads((POLICIES / name).read_text(encoding="utf-8"))
    assert said["Version"] == "2012-10-17"
    assert len({s["Sid"] for s in said["Statement"]}) == len(said["Statement"])
    return list(said["Statement"])


def granted(name: str, resource: str = "") -> set[str]:
    """Actions that a document allows, on resources that name it."""
    return {
        action
        for s in statements(name)
        if s["Effect"] == "Allow" and resource in json.dumps(s["Resource"])
        for action in s["Action"]
    }


def test_every_call_of_the_vault_is_known_by_the_action_it_needs() -> None:
    assert calls(*(p.stem for p in VAULT.glob("*.py"))) == set(ACTIONS)
    assert "delete_object" not in calls(*S3_MODULES), "a plain deletion erases nothing"


def test_a_worker_may_do_what_the_store_does_and_no_more() -> None:
    assert granted("worker-s3.json") == needed(*S3_MODULES) | LOCKED | SEEN
    assert granted("worker-s3.json", PERSONAL) == needed(*S3_MODULES)


def test_nobody_deletes_evidence_and_nobody_locks_personal_data() -> None:
    evidence = granted("worker-s3.json", EVIDENCE)
    assert not {a for a in evidence if "Delete" in a or "Bypass" in a or "LegalHold" in a}
    assert {"s3:PutObject", "s3:GetObject", "s3:ListBucket", *LOCKED} <= evidence
    assert not LOCKED & granted("worker-s3.json", PERSONAL)
    denied = {action for s in statements("personal-bucket.json") for action in s["Action"] if s["Effect"] == "Deny"}
    assert {"s3:PutObjectRetention", "s3:PutObjectLegalHold"} <= denied
    bypass = [s for s in statements("evidence-bucket.json") if "s3:BypassGovernanceRetention" in s["Action"]]
    assert [s["Effect"] for s in bypass] == ["Deny"]


def test_nobody_overwrites_the_log_and_a_worker_may_see_whether_somebody_did() -> None:
    """Every write that makes an object says that the name is free; the steps before a multipart's end cannot say it."""
    (one,) = [s for s in statements("evidence-bucket.json") if "s3:PutObject" in s["Action"]]
    assert (one["Effect"], one["Principal"], one["Action"]) == ("Deny", "*", ["s3:PutObject"])
    assert one["Resource"] == f"arn:aws:s3:::{EVIDENCE}/*/ledger/*"
    assert one["Condition"] == {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    # What makes an object (the condition key is true of it), wherever the store calls it, carries the header.
    makes, conditional = {"put_object", "complete_multipart_upload", "copy_object"}, []
    for module in S3_MODULES:
        for node in ast.walk(ast.parse((VAULT / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in makes:
                conditional.append("IfNoneMatch" in [keyword.arg for keyword in node.keywords])
    assert len(conditional) >= 2
    assert all(conditional)
    assert "s3:ListBucketVersions" in granted("worker-s3.json", EVIDENCE)


@pytest.mark.parametrize("name", ["personal-bucket.json", "evidence-bucket.json"])
def test_a_bucket_answers_nobody_without_encryption(name: str) -> None:
    (tls,) = [s for s in statements(name) if s.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}]
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
    assert len(tls["Resource"]) == 2


def test_the_check_writes_below_its_prefix_alone() -> None:
    assert granted("check-s3.json") == needed(*S3_MODULES, "probes") | LOCKED | SEEN
    for s in statements("check-s3.json"):
        if not all(re.match(r"s3:(Get|List)Bucket|s3:ListBucket", a) for a in s["Action"]):
            assert all(r.endswith("/kansho-probe/*") for r in s["Resource"]), s["Sid"]


def test_the_keys_role_and_the_worker_may_do_what_the_keeper_does_and_a_worker_ends_no_key() -> None:
    assert granted("worker-kms.json") == {"kms:Decrypt", "kms:DescribeKey"}
    assert granted("worker-kms.json") | granted("keys-kms.json") == needed("kms")
    for name in ("worker-kms.json", "keys-kms.json"):
        for s in statements(name):
            looks = {"kms:DescribeKey", "kms:ListKeys", "kms:ListResourceTags"}
            assert set(s["Action"]) <= looks or "kansho-campaign" in json.dumps(s["Condition"]), s["Sid"]


def test_no_document_grants_everything() -> None:
    for path in POLICIES.glob("*.json"):
        for s in statements(path.name):
            assert s["Effect"] == "Deny" or not any("*" in action for action in s["Action"]), path.name


def test_every_document_is_explained() -> None:
    told = "".join((REPOSITORY / "docs" / "how-to" / page).read_text(encoding="utf-8") for page in PAGES)
    assert [p.name for p in POLICIES.iterdir() if f"../../deploy/policies/{p.name}" not in told] == []


def test_every_page_that_a_refusal_points_to_is_there() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for s in SOURCES for p in (REPOSITORY / s).rglob("*.py"))
    named = set(re.findall(r"docs/[\w./-]+\.md", text))
    assert {"docs/how-to/run-on-s3.md", "docs/how-to/keep-keys.md"} <= named
    assert [path for path in sorted(named) if not (REPOSITORY / path).is_file()] == []


def test_what_to_do_on_each_code_of_storage_and_keys_is_told() -> None:
    told = "".join((REPOSITORY / "docs" / "how-to" / page).read_text(encoding="utf-8") for page in PAGES)
    codes = {
        code
        for code, one in raised().items()
        if re.match(r"STORAGE-|S3-", code)
        or (code.startswith("KEY-") and any("vault" in module for module in one.modules))
    }
    assert len(codes) > 15
    assert [code for code in sorted(codes) if f"`{code}`" not in told] == []
