"""承認デスク: the staff's pages inside the Airflow UI, in Japanese.

Belongs here: what a person of a role may see and enter.  Does not belong here: any rule of the campaign; answers
to approvals are given in Airflow's own form.
"""
