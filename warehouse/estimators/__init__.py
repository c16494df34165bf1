"""Estimators: pure functions from counts and moments to estimates with their uncertainty.

They know no database; `udf` lends them to the SQL models, so that every number has one definition. Quantiles come from
`scipy.special`; nothing here imports `scipy.stats`, which takes seconds. An estimate that the data cannot carry is
`None`, or a result whose `reason` says why; never a guess, and never an error that would end a run.
"""
