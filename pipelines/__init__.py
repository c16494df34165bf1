"""Prefect flows around the stages of the warehouse: the only room that may import Prefect. No flow exists yet."""
