"""kansho (勧奨): the domain library of a ward's yearly screening outreach.

Belongs here: everything the campaign knows and does.  Does not belong here:
Airflow.  The library is imported, used and tested without it; ``plugins/``
and ``dags/`` stand on this package, never the other way round.
"""
