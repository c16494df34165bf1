"""Measurements from files: contract, landing, reading, rules, batches. May import engine and `warehouse.sql`.

Order of use: `contract.read_contract`, `landing.Landing.land`, `batch.stage`, `validation.validate`, `batch.accept`.
Nothing is re-exported here, because these modules import DuckDB and pyarrow.
"""
