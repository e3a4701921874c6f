"""Calls, visits and inbound enquiries: lists out, results in, sheets accounted for.

Belongs here: lists per attempt and day, the split visit list, 授受簿, and taking in what 丙 reports.
Does not belong here: whom a wave selects (targeting), who may not be contacted (standing), what the
effect was (analysis).
"""
