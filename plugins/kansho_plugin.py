"""The one file that Airflow loads from here: the contract's calendar, the staff's desk, the guard of the API.

Belongs here: registration.  Does not belong here: anything with a body; everything is imported by its
full name from an installed package (`plugins/.airflowignore` keeps Airflow away from those).
"""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from kansho_airflow.apiguard import PlainBodies
from kansho_airflow.desk import LazyDesk
from kansho_airflow.timetable import ContractCalendar


class KanshoPlugin(AirflowPlugin):
    """What kansho adds to Airflow."""

    name = "kansho"
    timetables: ClassVar[list[Any]] = [ContractCalendar]
    fastapi_apps: ClassVar[list[Any]] = [{"app": LazyDesk(), "url_prefix": "/desk", "name": "kansho desk"}]
    fastapi_root_middlewares: ClassVar[list[Any]] = [{"middleware": PlainBodies, "name": "kansho plain bodies"}]
    external_views: ClassVar[list[Any]] = [
        {"name": "承認デスク", "href": "/desk/", "destination": "nav", "url_route": "desk", "category": "browse"}
    ]
