"""A real KMS endpoint over HTTP on loopback for the tests, and what a deployment says of it.  Not a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.kms import kms_backends
from moto.kms import models as moto_kms
from moto.server import ThreadedMotoServer

from kansho.campaign.config import CampaignConfig
from kansho.vault.deployed import settings_path
from tests.s3_server import REGION


@contextmanager
def kms_server() -> Iterator[str]:
    """The endpoint's address, and credentials as a machine's role gives them.

    The server draws an RSA key for every key it makes, of which ours, which are symmetric, use nothing: one will do.
    """
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moto_kms, "generate_private_key", cache(moto_kms.generate_private_key))
        schedule = moto_kms.KmsBackend.schedule_key_deletion
        patch.setattr(  # which AWS takes an ARN for, as every call
            moto_kms.KmsBackend,
            "schedule_key_deletion",
            lambda backend, key, days: schedule(backend, key.rpartition("/")[2], days),
        )
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        try:
            yield f"http://{host}:{port}"
        finally:
            server.stop()


def forget(*ids: str) -> None:
    """The waiting days of these keys are over: the service knows them no more."""
    for id_ in ids:
        del kms_backends[DEFAULT_ACCOUNT_ID][REGION].keys[id_.rpartition("/")[2]]


def forget_pending() -> None:
    """The waiting days of every key that waits are over."""
    keys = kms_backends[DEFAULT_ACCOUNT_ID][REGION].keys
    forget(*[id_ for id_, key in keys.items() if key.key_state == "PendingDeletion"])


def forget_all() -> None:
    """An account without a key."""
    kms_backends[DEFAULT_ACCOUNT_ID][REGION].keys.clear()


def with_service(config: CampaignConfig, address: str) -> CampaignConfig:
    """The config with a service of ours at this address, which the ward designated."""
    value = config.model_dump(mode="json")
    (place,) = [p for p in value["places"] if p["id"] == "vault_site"]
    place |= {"endpoints": [address.partition("://")[2]], "regions": [REGION]}
    return CampaignConfig.model_validate(value)


def deploy_kms(keys: Path, campaign: str, address: str, **changed: str) -> None:
    """Write what a deployment says where it is looked for."""
    keys.mkdir(parents=True, exist_ok=True)
    told = {"keeper": "kms", "place": "vault_site", "region": REGION, "endpoint": address, **changed}
    settings_path(keys, campaign).write_text(json.dumps(told))


__all__ = ["REGION", "deploy_kms", "forget", "forget_all", "forget_pending", "kms_server", "with_service"]
