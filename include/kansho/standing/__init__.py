"""Where each person stands today: the exclusion engine, applied at selection and again at the door.

Belongs here: pure functions from appended facts to status, and the one function that says who may not
be contacted and why.  Does not belong here: choosing whom to reach (targeting), or any hand-set status.
Exclusion is the default: an unknown person, a missing or stale stop list, a missing plan all exclude.
"""

from kansho.standing.exclusions import exclusions, require_fresh_stop_list, undecided_stop_list
from kansho.standing.facts import Facts, gather
from kansho.standing.status import status

__all__ = ["Facts", "exclusions", "gather", "require_fresh_stop_list", "status", "undecided_stop_list"]
