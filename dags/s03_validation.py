"""### 検証 (validation)

Starts when a raw snapshot arrives. Great Expectations suites and row rules decide row by row: accepted into the core
roster or quarantined with reason codes. A gate above its threshold holds for a decision by its owner. For rows that
stayed behind the ward is sent a 差戻し依頼.

**On failure:** a `stop` result or a rejected decision leaves the run red and no roster is made: ask the ward for a
corrected delivery. `GATE-*`: the check itself could not run; mend the cause and clear the task. It is never a pass.
"""

from kansho_airflow.wiring import asset, campaigns, decision, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "validation", __doc__, triggers=[asset(campaign, "raw")]):
        work = step("kansho.intake.validation:find_raw")
        checked = step("kansho.intake.validation:check_raw", work, gate=True)
        decided = decision("gate", campaign.gate_owner, of=checked, title="検証結果の判断")
        accepted = step("kansho.intake.validation:accept_validated", decided, outlet=asset(campaign, "validated"))
        asked = step("kansho.intake.send_back:ask_back", accepted, when="open")
        verdict(accepted, asked)
