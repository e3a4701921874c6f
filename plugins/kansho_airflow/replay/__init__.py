"""Replaying a year: triggers in calendar order, people who answer, the outside world that reacts.

Belongs here: everything that stands in for the passing of time and for the people of a simulated year.
Does not belong here: any rule of the campaign; the DAGs do not know whether they are replayed, but for
the date they are given.
"""
