"""``make mutate``: small errors planted in the verifier and in the erasure, one at a time; some test must see each.

Belongs here: planting (`mutants`, in place by `warm` or before the import by `cold`), which tests run which line
(`lines`), asking them (`asking`, in a process that ends: `fork`), whether they are to be believed (`judge`), the loop
(`run`) and what is mutated (`subjects`).  No file is changed.  What no test sees and is right all the same stands, with
its reason, in ``docs/reference/mutation.md``.
"""
