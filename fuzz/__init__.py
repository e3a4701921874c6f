"""``make fuzz``: valid deliveries, changed at random, against everything that reads them, for a bounded time.

Belongs here: the loop (`run`), ways to change bytes (`mutate`) and one module per reader (`containers`); `targets`
lists them.  A reader may return or raise `KanshoError`; anything else, a case that takes too long, or one that takes
too much memory is a failure, printed with the seed that repeats it.  All contents are invented.
"""
