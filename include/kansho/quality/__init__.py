"""Gates: suites of Great Expectations, row rules of ours, and one verdict per table.

Belongs here: whether rows are as the contract says, and what happens when they are not (pass, hold, stop).
Does not belong here: reading files, or what follows from an accepted row.  Only this room imports
great_expectations.  "Could not check" is never a pass.
"""
