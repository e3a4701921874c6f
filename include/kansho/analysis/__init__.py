"""What the outreach achieved (E1, E2): randomised comparison, intervals, cost, disclosure control.

Belongs here: the estimates and their report.  Does not belong here: who was assigned (targeting wrote that
before anything was known) or any causal word where 甲 did not consent to hold-outs.
"""
