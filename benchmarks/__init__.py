"""How fast it is, beside a peer in the same run: `python -m benchmarks [NAME …] [--scale 1|10|100] [--json]`."""
