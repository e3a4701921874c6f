"""The end of the year: hand-over, media return, certificates, erasure, residue scan, certificate.

Belongs here: giving back, erasing and proving it (P11, P12).  Does not belong here: what other
stages made of the data, or Airflow (its traces are purged from outside, `kansho.closing.traces`).
"""
