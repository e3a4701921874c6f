"""The api-server's task API in the one version that the tasks of its own installation speak.

Belongs here: leaving out what nobody asks for.  Does not belong here: who may ask (Airflow's tokens).

Airflow builds a router for every version of this API that a worker of another release may still speak, nine of them in
3.3: some 6 s of processor before the first task can start, at each start.  A worker of the embedded installation is
forked from the same packages as its server, so it speaks the newest.  Servers and workers that are installed apart
(`docker-compose.yaml`) are started by Airflow's own command and keep them all.
"""

from __future__ import annotations


def newest_only() -> None:
    """From now on a server that this process builds knows the newest version, and of the older ones nothing.

    The name of the one before it stays, since Airflow has a route that ended there, and a route that was in no version
    is refused as a mistake; nobody here speaks it.

    Raises:
        RuntimeError: when this release's tasks speak another version than its server's newest.
    """
    from airflow.api_fastapi.execution_api import versions
    from airflow.api_fastapi.execution_api.versions.v2026_04_06 import MovePreviousRunEndpoint
    from airflow.sdk.api.datamodels._generated import API_VERSION
    from cadwyn import HeadVersion, Version, VersionBundle, VersionChange

    newest, before, *_ = (version.value for version in versions.bundle.versions)
    if newest != API_VERSION:
        raise RuntimeError(f"tasks speak {API_VERSION}, the newest is {newest}: build all versions of the task API")

    class Moved(VersionChange):
        description = MovePreviousRunEndpoint.description
        instructions_to_migrate_to_previous_version = (
            MovePreviousRunEndpoint.instructions_to_migrate_to_previous_version
        )

    versions.bundle = VersionBundle(HeadVersion(), Version(newest, Moved), Version(before))
