"""``make mutate``: small errors planted in the verifier and in the erasure, one at a time; some test must see each.

Belongs here: planting (`mutants`), which tests run which line (`lines`), the loop (`run`) and what is mutated
(`subjects`).  A planted error is put in place when the module is imported, in a process of its own; no file is changed.
What no test sees and is right all the same stands, with its reason, in ``docs/reference/mutation.md``.
"""
