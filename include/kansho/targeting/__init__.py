"""Whom to reach, by which channel, and whom to leave out at random.

Belongs here: eligibility, households, hold-outs, segments, the year's plan and each wave's selection.
Does not belong here: making cards or lists (mailing, outreach), or who may not be contacted (standing).
"""
