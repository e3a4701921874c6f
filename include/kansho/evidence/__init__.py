"""What can be proven: the ledger, its checkpoints, approvals, certificates, the offline verifier.

Belongs here: events, the Merkle log, signatures, the pure checks over them.  Does not belong here:
personal data in any form, pandas, Airflow.
"""
