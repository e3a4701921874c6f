"""Where personal data lies: encrypted snapshots, keys, object stores.

Belongs here: writing and reading sealed objects, create-if-absent, erasing them.
Does not belong here: what the objects mean, or the ledger.  Only this room knows boto3.
"""
