"""### 受診状況の反映 (attendance_refresh)

Starts when validated data arrives: counts who is newly known to have attended (they leave every later list) and
who moves
from the 特定健診 group to the cancer-screening group.

**On failure:** clear the task; it derives its work again and counts nothing twice.
"""

from kansho_airflow.wiring import asset, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "attendance_refresh", __doc__, triggers=[asset(campaign, "validated")]):
        work = step("kansho.attendance.refresh:find_attendance")
        verdict(step("kansho.attendance.refresh:refresh_attendance", work))
