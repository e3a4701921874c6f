"""The page of all codes, made from the source itself.

Belongs here: what the source raises (`raised`), what each kind of refusal leaves behind (`left_behind`), the page
(`pages`).  Does not belong here: pages of one registry, which stand beside it (`kansho.contracts.docs`,
`kansho.quality.reference`), and the codes of the verifier, which an auditor reads without us.
"""
