"""Cards: addresses, customer barcode, designs, print run, package, dispatch, returns.

Belongs here: from a wave's assignment to posted cards and returned mail.  Does not belong here: choosing people
(targeting) or deciding who may not be contacted (`kansho.standing`).
"""
