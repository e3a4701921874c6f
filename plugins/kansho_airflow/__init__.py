"""What the DAGs are wired with: steps, approvals, verdict, calendar, guards, and Airflow's components.

Belongs here: everything that imports Airflow and is not a DAG file or a page.  Does not belong here:
any rule of the domain (`kansho`).  DAG files import `kansho_airflow.wiring` and nothing else.
"""
