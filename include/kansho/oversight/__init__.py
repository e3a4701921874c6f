"""What the contract demands beside the outreach itself: deadlines, attestations, inspections, reports, incidents.

Belongs here: obligations derived from config and ledger, the monthly report, retention, and the incident with
its clocks (P6, P9, P13, P15).  Does not belong here: erasure at the end (`kansho.closing`), or how a stage finds
that something went wrong.
"""
