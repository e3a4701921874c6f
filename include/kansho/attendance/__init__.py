"""Attendance refresh (C2, C3): who has attended since, who leaves, who moves to the second target group.

Belongs here: counting and recording what newly accepted attendance facts change.  Does not belong here:
excluding anybody; `kansho.standing` derives that from the same facts wherever a list is made.
"""
