"""Prefect around the stages of the warehouse: a flow, its artifacts, a local server, and the schedule.

The only room that may import Prefect, and never in the way: figures are computed without it by
`warehouse.stages.evaluate`, with the same run and the same content. May import `warehouse` and `engine`.
"""
