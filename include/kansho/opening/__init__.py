"""Opening the year: what is bound, registered and consented before the first delivery arrives.

Belongs here: the stage functions of campaign_opening and of an approved amendment.  Does not belong here:
the rules of the configuration (`kansho.campaign.config` refuses what the contract forbids).
"""
