"""From the ward's sealed media to accepted facts in the vault.

Belongs here: opening, checking and reading deliveries, and the validation that turns raw rows into roster,
analysis, stop and attendance facts.  Does not belong here: anything that is done with them.
Nothing is ever unpacked to a disk.
"""
