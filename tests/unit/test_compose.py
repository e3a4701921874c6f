"""The larger topology's file: valid by the Compose Specification, no secret in it, the components we know.

The specification's schema comes as the typed models that `compose-pydantic` generates from it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from compose_pydantic import ComposeSpecification
from pydantic import ValidationError

from kansho_airflow.bootstrap import COMPONENTS
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8")
FILE = yaml.safe_load(TEXT)
COMPONENTS_THAT_READ = ("api-server", "scheduler", "dag-processor", "worker-1", "worker-2")
AIRFLOW = ("init", "api-server", "scheduler", "dag-processor", "worker-1", "worker-2")


def test_the_file_is_valid_by_the_specification() -> None:
    # Extension fields (x-…) are the specification's own exception, which the generated models do not know.
    ComposeSpecification(**{key: value for key, value in FILE.items() if not key.startswith("x-")})


def test_the_check_would_notice_an_unknown_key() -> None:
    with pytest.raises(ValidationError):
        ComposeSpecification(services={"x": {"image": "y", "helthcheck": {}}})


def test_the_topology_is_whole() -> None:
    assert set(FILE["services"]) == {*AIRFLOW, "postgres", "redis"}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_starts_by_the_command_of_a_plain_process(name: str) -> None:
    component, *_ = COMPONENTS[name]
    assert FILE["services"][name]["command"][:2] == ["airflow", component]


@pytest.mark.parametrize("name", sorted(set(FILE["services"]) - {"init"}))
def test_every_service_has_a_health_check(name: str) -> None:
    assert FILE["services"][name]["healthcheck"]["test"]


def test_every_secret_is_a_file_and_none_stands_in_the_text() -> None:
    assert all(set(secret) == {"file"} for secret in FILE["secrets"].values())
    wanted = {name for service in FILE["services"].values() for name in service.get("secrets", ())}
    assert wanted == set(FILE["secrets"])
    for service in FILE["services"].values():
        for name, value in (service.get("environment") or {}).items():
            secretive = re.search(r"PASSWORD|SECRET|TOKEN|FERNET|ACCESS_KEY", name)
            assert not secretive or name.endswith("_FILE"), f"{name}={value}"


def test_only_the_api_server_is_published_and_on_loopback_only() -> None:
    published = {name: s["ports"] for name, s in FILE["services"].items() if s.get("ports")}
    assert published == {"api-server": ["127.0.0.1:8080:8080"]}


def test_every_variable_of_ours_is_read_by_somebody() -> None:
    ours = {name for s in FILE["services"].values() for name in s.get("environment", {}) if name.startswith("KANSHO_")}
    roots = ("include/kansho", "plugins", "dags")
    code = "".join(p.read_text(encoding="utf-8") for r in roots for p in (REPOSITORY / r).rglob("*.py"))
    assert "KANSHO_VAR" in ours
    assert [name for name in sorted(ours) if not re.search(rf"\b{name}\b", code)] == []


def test_every_volume_and_every_script_is_used() -> None:
    mounts = [volume for s in FILE["services"].values() for volume in s.get("volumes", ())]
    assert {mount.partition(":")[0] for mount in mounts if not mount.startswith(".")} == set(FILE["volumes"])
    named = TEXT + (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    told = (REPOSITORY / "docs" / "how-to" / "run-on-compose.md").read_text(encoding="utf-8")
    scripts = [path.name for path in (REPOSITORY / "deploy").glob("*.sh")]
    assert [name for name in scripts if name not in named + told] == []


def test_what_the_how_to_adds_for_an_s3_elsewhere_fits_the_file() -> None:
    told = (REPOSITORY / "docs" / "how-to" / "run-on-compose.md").read_text(encoding="utf-8")
    (added,) = re.findall(r"```yaml\n(.+?)```", told, re.S)
    override = yaml.safe_load(added)
    ComposeSpecification(**override)
    assert set(override["services"]) == set(COMPONENTS_THAT_READ)
    assert all(set(s["networks"]) == set(FILE["networks"]) for s in override["services"].values())


def test_the_image_takes_no_secret_and_nothing_of_a_run() -> None:
    kept = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in kept
    copied = re.findall(r"^COPY (.+) \S+$", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"), re.M)
    sources = {source for line in copied for source in line.split()}
    assert {line.removeprefix("!") for line in kept if line.startswith("!")} == sources
    assert not sources & {"deploy", ".", "var", "deploy/secrets"}


def test_the_entrypoint_reads_only_the_secrets_it_is_given() -> None:
    read = set(re.findall(r"/run/secrets/(\w+)", (REPOSITORY / "deploy" / "entrypoint.sh").read_text(encoding="utf-8")))
    assert read == set(FILE["services"]["init"]["secrets"])
    made = (REPOSITORY / "deploy" / "make-secrets.sh").read_text(encoding="utf-8")
    assert [name for name in FILE["secrets"] if not re.search(rf"\b{name}\b", made)] == []


def test_secrets_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    script = tmp_path / "deploy" / "make-secrets.sh"
    script.parent.mkdir()
    shutil.copy(REPOSITORY / "deploy" / "make-secrets.sh", script)
    subprocess.run([script], check=True, timeout=20)
    folder = script.parent / "secrets"
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(first) == set(FILE["secrets"])
    assert len(set(first.values())) == len(first)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    subprocess.run([script], check=True, timeout=20)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_everything_the_image_installs_is_pinned_and_agrees() -> None:
    def pins(path: str) -> dict[str, str]:
        lines = (REPOSITORY / path).read_text(encoding="utf-8").splitlines()
        found = [re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line) for line in lines if line[:1].isalnum()]
        return {match[1]: match[2] for match in found if match}

    ours, theirs = pins("requirements.txt"), pins("deploy/requirements.txt")
    assert {"apache-airflow-providers-celery", "psycopg2-binary", "redis"} <= set(theirs)
    assert {name for name in theirs if ours.get(name, theirs[name]) != theirs[name]} == set()
