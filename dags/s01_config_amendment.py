"""### 設定の変更 (config_amendment)

Started by hand after the campaign file was changed. Until it has ended well every other task refuses to work
(`CONFIG-UNBOUND`). It shows the ward each changed path with its old and new value, and binds the new digest after
the approval. A change of whom to reach wakes `segmentation`, which plans anew.

**On failure:** a rejected change leaves the run red and the old configuration bound: put the old file back, or
correct it and trigger again. `AMENDMENT-BASE`: the bound configuration is missing among the outputs; restore it.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import approval, asset, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "config_amendment", __doc__):
        work = step("kansho.opening.amendment:find_amendment")
        shown = step("kansho.opening.amendment:make_amendment", work)
        approved = approval("amendment", Role.WARD_OFFICER, of=shown, title="設定変更の承認")
        verdict(step("kansho.opening.amendment:bind_amendment", approved, outlet=asset(campaign, "amended")))
