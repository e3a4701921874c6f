"""The outside world for demo and tests: a synthetic ward, printer and post office, call centre, visitors, attendance.

Belongs here: everything other parties do, late, wrong and incomplete as in life, deterministic from a seed, with
known true effects.  Does not belong here: any look into our vault or ledger; a party sees what was sent to it.
Nothing here is used when a campaign is real.
"""
